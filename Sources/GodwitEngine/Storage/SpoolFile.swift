import Foundation
import Glibc
import Streams

/// Where bytes can be read by range.
protocol RangeSource: Sendable {
    /// The size in bytes.
    var size: Int64 { get }
    /// Reads a range; fewer bytes where the source ends early.
    func read(_ range: Range<Int64>) async throws -> [UInt8]
}

/// A temporary file without a name that only this process can read; it is gone with the last reference.
final class SpoolFile: RangeSource {
    private let descriptor: Int32
    let size: Int64

    /// Spools a stream.
    ///
    /// - Throws: the stream's errors, or ``SpoolError``, for example when the disk is full.
    init(_ stream: ByteStream) async throws {
        let descriptor = try Self.open()
        var written: Int64 = 0
        do {
            for try await piece in stream {
                try await BlockingPool.shared.run { try Self.writeAll(piece, to: descriptor) }
                written += Int64(piece.count)
            }
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        size = written
    }

    deinit { close(descriptor) }

    func read(_ range: Range<Int64>) async throws -> [UInt8] {
        // The closure keeps the file open until the call has returned.
        try await BlockingPool.shared.run { [self] in
            let count = Int(max(0, min(range.upperBound, size) - range.lowerBound))
            var failure: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let got = pread(descriptor, rest.baseAddress, count - filled, Int(range.lowerBound) + filled)
                    if got < 0, errno == EINTR { continue }
                    if got < 0 { failure = errno }
                    guard got > 0 else { return }
                    filled += got
                }
            }
            guard failure == 0 else { throw SpoolError(operation: "read", code: failure) }
            return bytes
        }
    }

    /// The whole file as a stream.
    func stream(pieceSize: Int64 = 256 * 1024) -> ByteStream {
        let position = SpoolPosition()
        return ByteStream { [self] in
            guard let range = await position.advance(by: pieceSize, upTo: size) else { return nil }
            return try await read(range)
        }
    }

    private static func open() throws -> Int32 {
        let folder = FileManager.default.temporaryDirectory.path
        // mkstemp writes the name into the array, which outlives the call; the pointer does not leave the closure.
        var template = Array("\(folder)/godwit-XXXXXX".utf8CString)
        let descriptor = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { mkstemp($0) } ?? -1
        }
        guard descriptor >= 0 else { throw SpoolError(operation: "create", code: errno) }
        _ = template.withUnsafeBufferPointer { $0.baseAddress.map { unlink($0) } }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw SpoolError(operation: "write", code: count < 0 ? errno : EIO) }
                rest = rest.dropFirst(count)
            }
        }
    }
}

private actor SpoolPosition {
    private var position: Int64 = 0

    func advance(by count: Int64, upTo size: Int64) -> Range<Int64>? {
        guard position < size else { return nil }
        let range = position..<min(position + count, size)
        position = range.upperBound
        return range
    }
}
