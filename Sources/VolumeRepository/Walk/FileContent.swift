import Glibc

/// The content of a regular file while it is read. All calls block.
public final class FileContent: Sendable {
    private let file: FileDescriptor
    private let path: [UInt8]
    /// What the file was when it was opened.
    public let status: FileStatus

    private init(_ file: FileDescriptor, path: [UInt8], status: FileStatus, isReplacement: Bool) {
        self.file = file
        self.path = path
        self.status = status
        self.isReplacement = isReplacement
    }

    /// Whether another file has taken the name since the walk found it.
    public let isReplacement: Bool

    /// Opens what a walk found, without following a link.
    ///
    /// Where another file has taken its name since, as programs do that write a new file beside the old one and rename
    /// it, that one is opened: the name was never without content. Not so for a file with several names, which the walk
    /// has told to be the same.
    ///
    /// - Throws: ``FileError``: `ENOENT` when it is gone, `ESTALE` when another thing has taken its name.
    public static func open(_ item: WalkItem) throws(FileError) -> FileContent {
        guard let file = item.directory.openForReading(item.name) else { throw FileError("open", item.path) }
        guard let status = file.status() else { throw FileError("look at", item.path) }
        let isSame = status.inode == item.status.inode
        guard status.kind == .file, status.fileSystem == item.status.fileSystem, isSame || item.status.links <= 1
        else { throw FileError("open", item.path, code: ESTALE) }
        return FileContent(file, path: item.path, status: status, isReplacement: !isSame)
    }

    /// Tells the system that the file is read from its beginning to its end; of use for large ones.
    public func willReadAll() { _ = posix_fadvise(file.number, 0, 0, POSIX_FADV_SEQUENTIAL) }

    /// Reads from an offset until the buffer is full or the file ends.
    ///
    /// - Returns: the bytes read; fewer than the buffer holds only at the end of the file.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FileError) -> Int {
        guard let count = file.read(into: buffer, at: offset) else { throw FileError("read", path) }
        return count
    }

    /// Reads a piece; shorter than asked for only at the end of the file.
    public func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(FileError) {
                filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Whether the file can have holes: fewer bytes are allocated than it is long.
    public var mayHaveHoles: Bool { status.allocated < status.size }

    /// The stretch of data or hole that begins at an offset below the size that the file had when it was opened.
    public func region(at offset: Int64) -> FileRegion {
        mayHaveHoles ? file.region(at: offset, size: status.size) : .data(offset..<status.size)
    }

    /// What the file is now; differs from ``status`` in size or times when somebody wrote to it meanwhile.
    public func currentStatus() throws(FileError) -> FileStatus {
        guard let status = file.status() else { throw FileError("look at", path) }
        return status
    }

    /// Tells the system that the content need not stay in memory, so that a backup does not push out what the
    /// volume's own programs use.
    public func releaseCache() { _ = posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED) }
}
