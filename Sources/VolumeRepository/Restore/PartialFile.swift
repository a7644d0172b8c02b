import Glibc
import Synchronization

/// A file that is being written under a name of its own, and gets its final name when it is whole.
///
/// A killed restore leaves such files, never half a file under a final name; the next restore into the directory
/// removes them.
final class PartialFile: Sendable {
    /// What the names begin with.
    static let prefix = Array(".godwit-partial-".utf8)

    let directory: FileDescriptor
    let name: [UInt8]
    let file: FileDescriptor
    private let isPlaced = Mutex(false)

    init(in directory: FileDescriptor, path: [UInt8]) throws(FileError) {
        for _ in 0..<16 {
            let name = Self.freshName()
            if let file = directory.open(name, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600) {
                self.directory = directory
                self.name = name
                self.file = file
                return
            }
            guard errno == EEXIST else { break }
        }
        throw FileError("write", path)
    }

    deinit { if !isPlaced.withLock({ $0 }) { _ = directory.remove(name) } }

    static func freshName() -> [UInt8] { prefix + Array(String(UInt64.random(in: .min ... .max), radix: 36).utf8) }

    /// Gives the file its final name.
    ///
    /// - Parameter removal: what removes a directory of that name with all in it; nil where only an empty one may go.
    func place(as final: [UInt8], path: [UInt8], removal: TreeRemoval?) throws(FileError) {
        try Self.place(name, as: final, in: directory, path: path, removal: removal)
        isPlaced.withLock { $0 = true }
    }

    /// Gives something its final name. A file or link that had it is gone, an empty directory too.
    static func place(
        _ name: [UInt8], as final: [UInt8], in directory: FileDescriptor, path: [UInt8], removal: TreeRemoval?
    ) throws(FileError) {
        var code = directory.rename(name, to: final)
        if code == EISDIR || code == EEXIST || code == ENOTEMPTY {
            code = directory.remove(final, isDirectory: true)
            if code == ENOTEMPTY || code == EEXIST {
                guard let removal, removal.remove(final, in: directory, path: path) else {
                    throw FileError("replace the directory", path, code: ENOTEMPTY)
                }
                code = 0
            }
            if code == 0 { code = directory.rename(name, to: final) }
        }
        guard code == 0 else { throw FileError("write", path, code: code) }
    }

    /// Writes content; blocks of zeros are passed over on request, since what was never written reads as zero.
    func write(_ content: ArraySlice<UInt8>, at offset: Int64, passingZeros: Bool, path: [UInt8]) throws(FileError) {
        let isWritten = content.withUnsafeBytes { bytes in
            passingZeros ? writePassingZeros(bytes, at: offset) : file.write(bytes, at: offset)
        }
        guard isWritten else { throw FileError("write", path) }
    }

    private func writePassingZeros(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Bool {
        let block = 4096
        var start = 0
        while start < bytes.count {
            // Blocks are those of the file, not of the piece.
            let inBlock = Int((offset + Int64(start)) % Int64(block))
            let end = min(bytes.count, start + block - inBlock)
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if !isZero(piece), !file.write(piece, at: offset + Int64(start)) { return false }
            start = end
        }
        return true
    }
}

/// Whether all bytes are zero.
func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let base = bytes.baseAddress, let first = bytes.first else { return true }
    return first == 0 && memcmp(base, base + 1, bytes.count - 1) == 0
}
