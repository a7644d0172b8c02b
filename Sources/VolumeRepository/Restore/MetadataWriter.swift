import Glibc
import GodwitModel

/// Sets owners, attributes, modes and times.
final class MetadataWriter: Sendable {
    private let log: RestoreLog
    private let isRoot = geteuid() == 0

    init(log: RestoreLog) { self.log = log }

    /// Gives something what its entry says, as far as it has not got it: a change that changes nothing would make the
    /// next backup read the file again. What fails is recorded; the rest is done.
    ///
    /// The order matters: a new owner takes set-user-id and capabilities away, attributes need a file that may be
    /// written, and an ACL changes the mode.
    ///
    /// - Parameters:
    ///   - file: open, if only as a handle.
    ///   - mayHaveAttributes: whether it may have some that the entry has not: it was there before, or its directory
    ///     hands an ACL on.
    func apply(_ entry: TreeEntry, to file: FileDescriptor, mayHaveAttributes: Bool) {
        guard let status = file.status() else { return log.fail(entry.path, FileError("look at", entry.path)) }
        let isSameOwner = status.user == entry.user && status.group == entry.group
        let isOwned = isSameOwner || setOwner(entry, of: file)
        let there = mayHaveAttributes ? file.attributes(path: entry.path).attributes : []
        let hasChanged = setAttributes(entry, of: file, there: there) || !isSameOwner
        if entry.kind != .symlink {
            // The right of another owner to run this as himself must not become the right to run it as us.
            let mode = isOwned ? entry.mode : entry.mode & ~0o6000
            if hasChanged || mode != status.mode {
                let code = file.setMode(mode)
                if code != 0 { log.fail(entry.path, FileError("set the mode of", entry.path, code: code)) }
            }
        }
        if entry.modified != status.modified {
            let code = file.setTime(entry.modified)
            if code != 0 { log.fail(entry.path, FileError("set the time of", entry.path, code: code)) }
        }
    }

    private func setOwner(_ entry: TreeEntry, of file: FileDescriptor) -> Bool {
        let code = file.setOwner(user: entry.user, group: entry.group)
        if code == 0 { return true }
        let error = FileError("set the owner of", entry.path, code: code)
        if isRoot { log.fail(entry.path, error) } else { log.failOnce("owner", entry.path, error) }
        return false
    }

    /// Sets and removes attributes where they differ; whether there was anything to do.
    private func setAttributes(
        _ entry: TreeEntry, of file: FileDescriptor, there: [TreeEntry.Attribute]
    ) -> Bool {
        var hasChanged = false
        let wanted = Set(entry.attributes.map(\.name))
        for attribute in there where !wanted.contains(attribute.name) && !Self.belongsToSystem(attribute.name) {
            hasChanged = true
            check(file.removeAttribute(attribute.name), "remove", attribute.name, entry)
        }
        for attribute in entry.attributes where !there.contains(attribute) {
            hasChanged = true
            check(file.setAttribute(attribute), "set", attribute.name, entry)
        }
        return hasChanged
    }

    private func check(_ code: Int32, _ verb: String, _ attribute: [UInt8], _ entry: TreeEntry) {
        if code == 0 { return }
        let text = String(decoding: attribute, as: UTF8.self)
        let error = FileError("\(verb) the attribute \(text) of", entry.path, code: code)
        // A file system or a user that may not do it here may not do it anywhere.
        if code == ENOTSUP || code == EPERM {
            log.failOnce("\(verb) \(text)", entry.path, error)
        } else {
            log.fail(entry.path, error)
        }
    }

    /// Gives a directory back what it had before something was written into it.
    func restore(mode: UInt16?, time: TreeEntry.Time?, of directory: FileDescriptor, path: [UInt8]) {
        if let time, directory.status()?.modified != time {
            let code = directory.setTime(time)
            if code != 0 { log.fail(path, FileError("set the time of", path, code: code)) }
        }
        if let mode {
            let code = directory.setMode(mode)
            if code != 0 { log.fail(path, FileError("set the mode of", path, code: code)) }
        }
    }

    /// Labels that the target's own system gives to everything.
    private static func belongsToSystem(_ name: [UInt8]) -> Bool {
        name.elementsEqual("security.selinux".utf8) || name.elementsEqual("security.ima".utf8)
            || name.elementsEqual("security.evm".utf8)
    }
}
