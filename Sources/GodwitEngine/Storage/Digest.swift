import Crypto
import Streams

/// SHA-256 of a few bytes, at once.
enum SHA256Digest {
    static func of(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}

/// SHA-256 of many pieces at a time, on a thread of its own.
actor Digester {
    private let executor: ThreadExecutor

    init(executor: ThreadExecutor = ThreadExecutor(name: "digest")) { self.executor = executor }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The digest of each piece, 32 bytes.
    func digests(of pieces: [[UInt8]]) -> [[UInt8]] { pieces.map { Array(SHA256.hash(data: $0)) } }

    /// A digest of a stream, computed on the same thread.
    nonisolated func stream() -> StreamDigest { StreamDigest(executor: executor) }
}

/// Size and SHA-256 of bytes that pass by.
actor StreamDigest {
    private let executor: ThreadExecutor
    private var hash = SHA256()
    /// Bytes so far.
    private(set) var size: Int64 = 0

    init(executor: ThreadExecutor) { self.executor = executor }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func update(_ piece: [UInt8]) {
        hash.update(data: piece)
        size += Int64(piece.count)
    }

    /// Size and digest of everything so far.
    var value: (size: Int64, sha256: [UInt8]) { (size, Array(hash.finalize())) }
}

extension ByteStream {
    /// The same stream; what passes is counted and hashed.
    func digested(by digest: StreamDigest) -> ByteStream {
        ByteStream {
            var iterator = makeAsyncIterator()
            guard let piece = try await iterator.next() else { return nil }
            await digest.update(piece)
            return piece
        }
    }
}

/// Bytes as lower-case hexadecimal text.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        for byte in bytes {
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 15)])
        }
    }

    static func text(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        append(bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// nil when the text is not an even number of digits.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var high: UInt8?
        for digit in text {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}
