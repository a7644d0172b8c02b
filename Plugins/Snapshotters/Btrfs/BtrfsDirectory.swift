import CBtrfs
import Glibc
import GodwitModel

/// An open directory of a btrfs file system.
final class BtrfsDirectory: Sendable {
    /// Its path, as it was opened.
    let path: String
    /// The file system that it is on.
    let filesystem: [UInt8]
    /// Whether it is the root of a subvolume.
    let isSubvolume: Bool
    /// Its number in its subvolume, which a snapshot keeps.
    let inode: ino_t
    /// The device that the system gives to its subvolume.
    let device: dev_t
    private let descriptor: Int32

    /// The inode of every subvolume's root.
    private static let rootInode: ino_t = 256

    /// Opens a directory.
    ///
    /// - Throws: ``BtrfsError``; `ENOTTY` where it is not on btrfs.
    init(_ path: String) throws(BtrfsError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw BtrfsError("open", path) }
        var status = stat()
        var id = [UInt8](repeating: 0, count: 16)
        var code: Int32 = 0
        if fstat(descriptor, &status) != 0 { code = errno }
        if code == 0 { code = godwit_btrfs_filesystem(descriptor, &id) }
        guard code == 0 else {
            close(descriptor)
            throw BtrfsError("look at", path, code)
        }
        self.descriptor = descriptor
        self.path = path
        filesystem = id
        isSubvolume = status.st_ino == Self.rootInode
        inode = status.st_ino
        device = status.st_dev
    }

    deinit { close(descriptor) }

    /// Makes a snapshot of this subvolume in another directory.
    func snapshot(in directory: BtrfsDirectory, as name: String, readOnly: Bool) throws(BtrfsError) {
        let code = godwit_btrfs_snapshot(descriptor, directory.descriptor, name, readOnly ? 1 : 0)
        guard code == 0 else { throw BtrfsError("make a snapshot of", path, code) }
    }

    /// Makes an empty subvolume in this directory.
    func makeSubvolume(_ name: String) throws(BtrfsError) {
        let code = godwit_btrfs_create(descriptor, name)
        guard code == 0 else { throw BtrfsError("make the subvolume", "\(path)/\(name)", code) }
    }

    /// Removes a subvolume from this directory; one that is not there is removed.
    func removeSubvolume(_ name: String) throws(BtrfsError) {
        let code = godwit_btrfs_destroy(descriptor, name)
        guard code == 0 || code == ENOENT else { throw BtrfsError("remove the subvolume", "\(path)/\(name)", code) }
    }

    /// The subvolumes below this directory, as relative paths. A snapshot has empty directories in their place.
    func subvolumesBelow() throws(BtrfsError) -> [String] {
        var found: [String] = []
        var after: UInt64 = 0
        var buffer = [CChar](repeating: 0, count: 8192)
        while true {
            let code = godwit_btrfs_next_below(descriptor, &after, &buffer, buffer.count)
            guard code == 0 else { throw BtrfsError("look for subvolumes below", path, code) }
            let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.isEmpty { return found }
            found.append(text)
        }
    }
}

/// What the file system refused.
struct BtrfsError: Error, CustomStringConvertible {
    let action: String
    let path: String
    let code: Int32

    init(_ action: String, _ path: String, _ code: Int32 = errno) {
        self.action = action
        self.path = path
        self.code = code
    }

    var description: String { "cannot \(action) '\(path.printable)': \(String(cString: strerror(code)))" }
}
