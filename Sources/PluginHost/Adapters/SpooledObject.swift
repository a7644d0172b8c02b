import Foundation
import Glibc
import Streams

/// The content of an object on its way from a plugin, kept until its size is known: in memory while it is small, in a
/// file without a name when it grows.
final class SpooledObject: Sendable {
    /// What is kept in memory at most.
    private static let inMemory = 4 << 20
    private static let pieceSize = 256 << 10

    private enum Content: Sendable {
        case bytes([UInt8])
        case file(Descriptor)
    }

    private let content: Content
    /// The size in bytes.
    let size: Int64

    private init(_ content: Content, size: Int64) {
        self.content = content
        self.size = size
    }

    /// Takes pieces in, one after the other.
    struct Writer: Sendable {
        private var bytes: [UInt8] = []
        private var file: Descriptor?
        private var size: Int64 = 0

        mutating func append(_ piece: [UInt8]) async throws {
            size += Int64(piece.count)
            guard file != nil || bytes.count + piece.count > SpooledObject.inMemory else {
                bytes += piece
                return
            }
            let target = try file ?? Self.open()
            file = target
            let pending = bytes + piece
            bytes = []
            try await BlockingPool.shared.run { try Self.write(pending, to: target) }
        }

        consuming func finish() -> SpooledObject {
            SpooledObject(file.map { .file($0) } ?? .bytes(bytes), size: size)
        }

        private static func open() throws -> Descriptor {
            var template = Array((NSTemporaryDirectory() + "/godwit-object-XXXXXX").utf8CString)
            let number = mkstemp(&template)
            guard number >= 0 else { throw SpoolFailure(code: errno) }
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            unlink(&template)
            return Descriptor(number)
        }

        private static func write(_ bytes: [UInt8], to file: Descriptor) throws {
            try bytes.withUnsafeBytes { buffer in
                var done = 0
                while done < buffer.count {
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                    let count = Glibc.write(file.number, rest.baseAddress, rest.count)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { throw SpoolFailure(code: errno) }
                    done += count
                }
            }
        }
    }

    /// A range of the content as a stream.
    func stream(_ range: Range<Int64>) -> ByteStream {
        switch content {
        case .bytes(let bytes): return ByteStream(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        case .file:
            let cursor = Cursor(range)
            return ByteStream { [self] in
                let next = cursor.take(upTo: Self.pieceSize)
                return next.isEmpty ? nil : try await read(next)
            }
        }
    }

    private func read(_ range: Range<Int64>) async throws -> [UInt8] {
        guard case .file(let file) = content else { return [] }
        return try await BlockingPool.shared.run {
            var failure: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
                while filled < range.count {
                    let rest = UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<range.count])
                    let count = pread(file.number, rest.baseAddress, rest.count, Int(range.lowerBound) + filled)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else {
                        failure = count < 0 ? errno : EIO
                        return
                    }
                    filled += count
                }
            }
            guard failure == 0 else { throw SpoolFailure(code: failure) }
            return bytes
        }
    }
}

/// This machine's disk did not take, or give, what was on its way from a plugin.
struct SpoolFailure: Error {
    let code: Int32
    var reason: String { "the temporary file: \(String(cString: strerror(code)))" }
}
