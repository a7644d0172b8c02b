import CLinux
import Glibc

// Each call gives 0 or the system's reason.
extension FileDescriptor {
    // MARK: Names in this directory

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

    /// Gives something another name, in this directory or in another one; what had that name is gone, unless it is a
    /// directory.
    func rename(_ name: [UInt8], to other: [UInt8], in directory: FileDescriptor? = nil) -> Int32 {
        let target = directory?.number ?? number
        return reason(withCName(name) { name in withCName(other) { renameat(number, name, target, $0) } })
    }

    /// Removes a name that is no directory's, or an empty directory.
    func remove(_ name: [UInt8], isDirectory: Bool = false) -> Int32 {
        reason(withCName(name) { unlinkat(number, $0, isDirectory ? AT_REMOVEDIR : 0) })
    }

    // MARK: This open file

    // By the open file and never by its name: whoever may write to the directory could put a link to something else
    // under the name, and what root does to the file would be done to that.

    /// Sets the owner.
    func setOwner(user: UInt32, group: UInt32) -> Int32 {
        reason(fchownat(number, "", user, group, Int32(godwit_at_empty_path)))
    }

    /// Sets the permission bits.
    func setMode(_ mode: UInt16) -> Int32 {
        reason(
            call {
                Int(fchmod($0, mode_t(mode)))
            } orOnPath: {
                Int(chmod($0, mode_t(mode)))
            })
    }

    /// Sets the time at which the content changed; the access time becomes the same.
    func setTime(_ time: TreeEntry.Time) -> Int32 {
        let times = [time.timespec, time.timespec]
        return reason(
            call {
                Int(futimens($0, times))
            } orOnPath: {
                Int(utimensat(AT_FDCWD, $0, times, 0))
            })
    }

    /// Makes this open file so long; what was not written reads as zero and takes no room.
    func setLength(_ length: Int64) -> Int32 { reason(ftruncate(number, off_t(length))) }

    /// Writes all that is still in memory of the file system that this is on.
    func synchronizeFileSystem() -> Int32 { reason(syncfs(number)) }

    private func reason(_ result: some BinaryInteger) -> Int32 { result == 0 ? 0 : errno }
}
