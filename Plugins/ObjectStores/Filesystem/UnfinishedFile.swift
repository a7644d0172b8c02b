import Foundation
import Glibc
import Synchronization

/// A file on its way to becoming an object. Until it is published it lies in the temporary folder.
final class UnfinishedFile: Sendable {
    private let root: Descriptor
    private let folder: Descriptor
    private let file: Descriptor
    private let name: [UInt8]

    /// Creates the file. When the key is taken and must be absent, that is said now, before the body is consumed.
    init(in root: Descriptor, sweeper: LeftoverSweeper, ifAbsent: Bool, at path: KeyPath) throws {
        self.root = root
        folder = try Self.openFolder(in: root)
        sweeper.sweep(folder)
        if ifAbsent, try Self.exists(path, in: root) { throw SystemError(code: EEXIST, call: "open") }
        name = Array("\(getpid())-\(UUID().uuidString)".utf8)
        file = try folder.open(name, O_WRONLY | O_CREAT | O_EXCL)
        // The lock tells a sweeper that this writer lives. File systems without locks do without.
        _ = file.lock()
    }

    /// Removes the file from the temporary folder. A failure leaves a leftover for the sweeper.
    func discard() { _ = try? folder.unlink(name) }

    private static func openFolder(in root: Descriptor) throws(SystemError) -> Descriptor {
        do {
            return try root.openDirectory(KeyPath.temporaryFolder)
        } catch {
            guard error.code == ENOENT else { throw error }
        }
        _ = try root.makeDirectory(KeyPath.temporaryFolder)
        return try root.openDirectory(KeyPath.temporaryFolder)
    }

    private static func exists(_ path: KeyPath, in root: Descriptor) throws(SystemError) -> Bool {
        var directory = root
        for component in path.directories {
            do {
                directory = try directory.openDirectory(component)
            } catch {
                if error.code == ENOENT { return false }
                if error.code == ENOTDIR || error.code == ELOOP { return false }
                throw error
            }
        }
        guard let status = try directory.status(path.name) else { return false }
        return status.st_mode & S_IFMT == S_IFREG
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws(SystemError) { try file.write(bytes) }

    /// Appends bytes that others will follow.
    func writeAhead(_ bytes: [UInt8]) throws(SystemError) {
        try file.write(bytes)
        file.beginSynchronizing(bytes.count)
    }

    /// Makes the file the object of a key, durably.
    func publish(at path: KeyPath, ifAbsent: Bool) throws -> Glibc.stat {
        try file.synchronize()
        // A deletion beside us may prune a directory between making and using it; then it is made again.
        for _ in 0..<1000 {
            do {
                let (directory, made) = try openDirectories(path.directories)
                try move(to: directory, path.name, ifAbsent: ifAbsent)
                try directory.synchronize()
                for parent in made { try parent.synchronize() }
                return try file.status()
            } catch let error as SystemError where error.code == ENOENT {
                continue
            }
        }
        throw SystemError(code: EBUSY, call: "making directories that another process keeps removing")
    }

    private func move(to directory: Descriptor, _ target: [UInt8], ifAbsent: Bool) throws {
        do {
            if ifAbsent {
                try folder.link(name, to: directory, target)
                discard()
            } else {
                try folder.rename(name, to: directory, target)
            }
        } catch {
            switch error.code {
            case EISDIR, EEXIST, ENOTEMPTY:
                // A directory in the place: there are objects below this key.
                if let status = try directory.status(target), status.st_mode & S_IFMT == S_IFDIR {
                    // An empty one is only what a deletion has not pruned yet.
                    if try directory.removeDirectory(target) { throw SystemError(code: ENOENT, call: "rename") }
                    throw KeyFlaw(reason: "there are objects below this key, and a directory cannot be a file")
                }
                throw error
            default: throw error
            }
        }
    }

    /// Opens the directories of a key, making those that are missing.
    ///
    /// - Returns: the last one, and the ones in which a name was made, deepest first.
    private func openDirectories(_ names: [[UInt8]]) throws -> (Descriptor, made: [Descriptor]) {
        var directory = root
        var made: [Descriptor] = []
        for component in names {
            do {
                directory = try directory.openDirectory(component)
                continue
            } catch {
                switch error.code {
                case ENOENT: break
                case ENOTDIR, ELOOP:
                    let name = String(decoding: component, as: UTF8.self)
                    throw KeyFlaw(reason: "'\(name)' on its way is an object or a link, not a directory")
                default: throw error
                }
            }
            if try directory.makeDirectory(component) { made.insert(directory, at: 0) }
            directory = try directory.openDirectory(component)
        }
        return (directory, made)
    }
}
