import CLinux
import Glibc

// Each call gives 0 or the system's reason.
extension FileDescriptor {
    /// Makes a directory.
    func makeDirectory(_ name: [UInt8]) -> Int32 { reason(withCName(name) { mkdirat(number, $0, 0o700) }) }

    /// Makes a fifo or a device that only its owner may use.
    func makeNode(_ name: [UInt8], kind: TreeEntry.Kind, device: (major: UInt32, minor: UInt32)) -> Int32 {
        let type: mode_t =
            switch kind {
            case .characterDevice: S_IFCHR
            case .blockDevice: S_IFBLK
            default: S_IFIFO
            }
        let device = FileStatus.deviceNumber(major: device.major, minor: device.minor)
        return reason(withCName(name) { mknodat(number, $0, type | 0o600, dev_t(device)) })
    }

    /// Makes a symbolic link.
    func makeSymlink(_ name: [UInt8], to target: [UInt8]) -> Int32 {
        reason(withCName(target) { target in withCName(name) { symlinkat(target, number, $0) } })
    }

    /// Makes a further link to a file, not to what a symbolic link points to.
    func makeLink(_ name: [UInt8], to other: [UInt8], in directory: FileDescriptor) -> Int32 {
        reason(withCName(other) { other in withCName(name) { linkat(directory.number, other, number, $0, 0) } })
    }

    /// Gives something another name in this directory; what had that name is gone, unless it is a directory.
    func rename(_ name: [UInt8], to other: [UInt8]) -> Int32 {
        reason(withCName(name) { name in withCName(other) { renameat(number, name, number, $0) } })
    }

    /// Removes a name that is no directory's, or an empty directory.
    func remove(_ name: [UInt8], isDirectory: Bool = false) -> Int32 {
        reason(withCName(name) { unlinkat(number, $0, isDirectory ? AT_REMOVEDIR : 0) })
    }

    /// Removes a name with all below it; what is mounted inside stays, and is the reason then.
    func removeTree(_ name: [UInt8], path: [UInt8], fileSystem: UInt64, _ report: (FileError) -> Void) {
        guard let status = status(of: name) else { return }
        if status.kind == .directory {
            guard status.fileSystem == fileSystem else { return report(FileError("remove", path, code: EBUSY)) }
            guard let directory = open(name, flags: O_RDONLY | O_DIRECTORY), let names = directory.sortedNames() else {
                return report(FileError("list", path))
            }
            for child in names {
                directory.removeTree(child, path: TreePath.join(path, child), fileSystem: fileSystem, report)
            }
        }
        let code = remove(name, isDirectory: status.kind == .directory)
        if code != 0 { report(FileError("remove", path, code: code)) }
    }

    /// Sets the owner of a name, of a link itself if it is one.
    func setOwner(of name: [UInt8], user: UInt32, group: UInt32) -> Int32 {
        reason(withCName(name) { fchownat(number, $0, user, group, AT_SYMLINK_NOFOLLOW) })
    }

    /// Sets the permission bits of this open file.
    func setMode(_ mode: UInt16) -> Int32 { reason(fchmod(number, mode_t(mode))) }

    /// Sets the permission bits of a name that is no link.
    func setMode(_ mode: UInt16, of name: [UInt8]) -> Int32 {
        reason(withCName(name) { fchmodat(number, $0, mode_t(mode), 0) })
    }

    /// Sets the time at which the content changed, of a link itself if it is one; the access time becomes the same.
    func setTime(_ time: TreeEntry.Time, of name: [UInt8]) -> Int32 {
        let times = [time.timespec, time.timespec]
        return reason(withCName(name) { utimensat(number, $0, times, AT_SYMLINK_NOFOLLOW) })
    }

    /// Makes this open file so long; what was not written reads as zero and takes no room.
    func setLength(_ length: Int64) -> Int32 { reason(ftruncate(number, off_t(length))) }

    /// Writes all that is still in memory of the file system that this is on.
    func synchronizeFileSystem() -> Int32 { reason(syncfs(number)) }

    private func reason(_ result: Int32) -> Int32 { result == 0 ? 0 : errno }
}
