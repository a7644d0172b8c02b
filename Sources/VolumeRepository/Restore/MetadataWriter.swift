import Glibc
import GodwitModel

/// Sets owners, attributes, modes and times.
final class MetadataWriter: Sendable {
    private let log: RestoreLog
    private let isRoot = geteuid() == 0

    init(log: RestoreLog) { self.log = log }

    /// Gives something what its entry says. What fails is recorded; the rest is done.
    ///
    /// The order matters: a new owner takes set-user-id and capabilities away, attributes need a file that may be
    /// written, and an ACL changes the mode.
    ///
    /// - Parameters:
    ///   - file: the same thing, where it is open.
    ///   - mayHaveAttributes: whether it may have some that the entry has not: it was there before, or its directory
    ///     hands an ACL on.
    func apply(
        _ entry: TreeEntry, to name: [UInt8], in directory: FileDescriptor, file: FileDescriptor?,
        mayHaveAttributes: Bool
    ) {
        let isOwned = setOwner(entry, of: name, in: directory)
        if mayHaveAttributes { removeAttributes(notIn: entry, of: name, in: directory) }
        for attribute in entry.attributes { set(attribute, entry, of: name, in: directory) }
        if entry.kind != .symlink {
            // The right of another owner to run this as himself must not become the right to run it as us.
            let mode = isOwned ? entry.mode : entry.mode & ~0o6000
            let code = file?.setMode(mode) ?? directory.setMode(mode, of: name)
            if code != 0 { log.fail(entry.path, FileError("set the mode of", entry.path, code: code)) }
        }
        let code = directory.setTime(entry.modified, of: name)
        if code != 0 { log.fail(entry.path, FileError("set the time of", entry.path, code: code)) }
    }

    private func setOwner(_ entry: TreeEntry, of name: [UInt8], in directory: FileDescriptor) -> Bool {
        let code = directory.setOwner(of: name, user: entry.user, group: entry.group)
        if code == 0 { return true }
        let error = FileError("set the owner of", entry.path, code: code)
        if isRoot { log.fail(entry.path, error) } else { log.failOnce("owner", entry.path, error.description) }
        return false
    }

    private func set(
        _ attribute: TreeEntry.Attribute, _ entry: TreeEntry, of name: [UInt8], in directory: FileDescriptor
    ) {
        let code = directory.setAttribute(attribute, of: name)
        guard code != 0 else { return }
        let text = String(decoding: attribute.name, as: UTF8.self)
        let error = FileError("set the attribute \(text) of", entry.path, code: code)
        // A file system or a user that may not set it here may not set it anywhere.
        if code == ENOTSUP || code == EPERM {
            log.failOnce("attribute \(text)", entry.path, error.description)
        } else {
            log.fail(entry.path, error)
        }
    }

    private func removeAttributes(notIn entry: TreeEntry, of name: [UInt8], in directory: FileDescriptor) {
        let wanted = Set(entry.attributes.map(\.name))
        for attribute in directory.attributes(of: name, path: entry.path).attributes
        where !wanted.contains(attribute.name) && !Self.belongsToSystem(attribute.name) {
            let code = directory.removeAttribute(attribute.name, of: name)
            if code != 0 {
                log.fail(entry.path, FileError("remove an attribute of", entry.path, code: code))
            }
        }
    }

    /// Labels that the target's own system gives to everything.
    private static func belongsToSystem(_ name: [UInt8]) -> Bool {
        name.elementsEqual("security.selinux".utf8) || name.elementsEqual("security.ima".utf8)
            || name.elementsEqual("security.evm".utf8)
    }
}
