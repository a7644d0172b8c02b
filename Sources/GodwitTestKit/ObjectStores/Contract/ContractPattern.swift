import Glibc
import Streams
import Synchronization

/// Bytes of any length whose value depends on their offset, made and compared fast.
struct ContractPattern: Sendable {
    /// A prime, so that no power of two of a store's own hides a swap of pieces.
    private static let period = 1_048_573
    /// Twice the period, so that any piece of up to a period is contiguous in it.
    private let block: [UInt8]

    init(seed: UInt64) {
        var state = seed | 1
        var words: [UInt64] = []
        for _ in 0..<(Self.period / 8 + 1) {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            words.append(state)
        }
        let once = words.withUnsafeBytes { Array($0.prefix(Self.period)) }
        block = once + once
    }

    func bytes(at offset: Int, count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let start = (offset + bytes.count) % Self.period
            bytes.append(contentsOf: block[start..<(start + min(Self.period, count - bytes.count))])
        }
        return bytes
    }

    /// A stream in pieces of changing size.
    func stream(count: Int) -> ByteStream {
        let position = Mutex(0)
        return ByteStream { [self] in
            let piece = position.withLock { position in
                let size = min(count - position, 100_000 + position % 65_537)
                defer { position += size }
                return position..<(position + size)
            }
            return piece.isEmpty ? nil : bytes(at: piece.lowerBound, count: piece.count)
        }
    }

    /// Whether bytes are those at an offset.
    func matches(_ bytes: [UInt8], at offset: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let start = (offset + done) % Self.period
            let size = min(Self.period, bytes.count - done)
            let isEqual = bytes.withUnsafeBytes { left in
                block.withUnsafeBytes { right in
                    guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                    return memcmp(left + done, right + start, size) == 0
                }
            }
            if !isEqual { return false }
            done += size
        }
        return true
    }
}
