/// The uncompressed tar, block by block, on the thread that parses it.
final class TarSource {
    private let input: BlockingInput
    private let decompressor: Decompressor
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)
    /// Why the last block did not come.
    private(set) var failure: (any Error)?
    /// Whether all blocks have been read.
    private(set) var hasEnded = false
    /// The length of what follows the last byte that is not 0.
    private(set) var trailingZeros: Int64 = 0

    init(_ input: BlockingInput, limits: TarballLimits) {
        self.input = input
        decompressor = Decompressor(limits: limits, allowsPlain: true)
    }

    deinit { block.deallocate() }

    /// The bytes of tar read so far.
    var length: Int64 { decompressor.produced }

    /// The compressed bytes read so far.
    var compressedLength: Int64 { decompressor.consumed }

    /// The next block, valid until the next call; empty at the end. Nil when it failed: see ``failure``.
    func next() -> UnsafeRawBufferPointer? {
        if failure != nil { return nil }
        do {
            return try fill()
        } catch {
            failure = error
            return nil
        }
    }

    /// Where an entry's content is.
    func location(header: Int64, start: Int64, length: Int64) -> ContentLocation? {
        decompressor.location(header: header, start: start, length: length)
    }

    private func fill() throws -> UnsafeRawBufferPointer {
        while true {
            switch try decompressor.produce(into: block) {
            case .output(let length):
                let bytes = UnsafeRawBufferPointer(rebasing: block.prefix(length))
                let last = bytes.lastIndex { $0 != 0 }
                trailingZeros = last.map { Int64(length - 1 - $0) } ?? trailingZeros + Int64(length)
                return bytes
            case .finished:
                hasEnded = true
                return UnsafeRawBufferPointer(start: nil, count: 0)
            case .needsInput:
                if let piece = try input.next() { decompressor.supply(piece) } else { decompressor.endInput() }
            }
        }
    }
}
