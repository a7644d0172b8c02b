/// Recognises how a stream is compressed, decompresses it within limits, and remembers where frames begin.
///
/// It is fed: ``supply(_:)`` gives it input, ``produce(into:)`` asks for output or learns that more input is needed.
final class Decompressor {
    /// What `produce` came to.
    enum Progress: Equatable {
        /// This many bytes, never 0, were written.
        case output(Int)
        /// Nothing can be written before more input is supplied, or its end is declared.
        case needsInput
        /// The input has ended, and so has the output.
        case finished
    }

    private let limits: TarballLimits
    private let allowsPlain: Bool
    private var codec: (any StreamDecompressor)?
    private var input: [UInt8] = []
    private var position = 0
    private var inputHasEnded = false
    /// Compressed bytes used so far.
    private(set) var consumed: Int64 = 0
    /// Uncompressed bytes produced so far.
    private(set) var produced: Int64 = 0
    /// Where frames begin; see ``FrameTrail``.
    private(set) var frames = FrameTrail()

    /// - Parameter allowsPlain: whether data that is not compressed is passed on, rather than refused.
    init(limits: TarballLimits, allowsPlain: Bool) {
        self.limits = limits
        self.allowsPlain = allowsPlain
    }

    /// Gives the next piece of input. The one before must be used up.
    func supply(_ piece: [UInt8]) {
        if position == input.count { input = piece } else { input = input[position...] + piece }
        position = 0
    }

    /// Declares the end of the input.
    func endInput() { inputHasEnded = true }

    /// Writes output as far as there is room and input.
    func produce(into output: UnsafeMutableRawBufferPointer) throws(TarballError) -> Progress {
        if codec == nil { codec = try recognize() }
        guard let codec else { return .needsInput }
        while position < input.count || codec.holdsOutput {
            if codec.isBetweenFrames, position < input.count, codec is ZstdDecompressor {
                frames.begin(compressed: consumed, decompressed: produced)
            }
            let step = try step(codec, into: output)
            try limits.check(produced: produced, from: consumed)
            if step.produced > 0 { return .output(step.produced) }
            if step.consumed == 0, !step.endsFrame { break }
        }
        guard inputHasEnded else { return .needsInput }
        guard codec.isBetweenFrames, position == input.count else { throw .truncated(offset: consumed) }
        return .finished
    }

    private func step(
        _ codec: any StreamDecompressor, into output: UnsafeMutableRawBufferPointer
    ) throws(TarballError) -> DecompressionStep {
        let result = input.withUnsafeBytes { bytes in
            Result { () throws(DamagedStream) in
                try codec.step(UnsafeRawBufferPointer(rebasing: bytes[position...]), into: output)
            }
        }
        switch result {
        case .failure(let damage): throw .corrupted(offset: consumed, reason: damage.reason)
        case .success(let step):
            position += step.consumed
            consumed += Int64(step.consumed)
            produced += Int64(step.produced)
            return step
        }
    }

    /// The codec for what the input begins with; nil when the input so far is too short to tell.
    private func recognize() throws(TarballError) -> (any StreamDecompressor)? {
        if input.count - position < 4, !inputHasEnded { return nil }
        if input.isEmpty { throw .truncated(offset: 0) }
        let start = Array(input[position...].prefix(4))
        switch start {
        case [0x28, 0xB5, 0x2F, 0xFD]: return try ZstdDecompressor()
        // A frame that is to be skipped.
        case _ where start.count == 4 && start[0] & 0xF0 == 0x50 && start[1...] == [0x2A, 0x4D, 0x18]:
            return try ZstdDecompressor()
        case _ where start.starts(with: [0x1F, 0x8B]): return try GzipDecompressor()
        case [0xFD, 0x37, 0x7A, 0x58]: throw .unrecognized(reason: "it is compressed with xz")
        case [0x04, 0x22, 0x4D, 0x18]: throw .unrecognized(reason: "it is compressed with lz4")
        case _ where start.starts(with: Array("BZh".utf8)): throw .unrecognized(reason: "it is compressed with bzip2")
        case _ where allowsPlain: return PlainDecompressor()
        case _ where start.count < 4: throw .truncated(offset: Int64(start.count))
        default: throw .unrecognized(reason: "it is compressed neither with zstd nor with gzip")
        }
    }

    /// Where the content lies that begins and ends at these uncompressed offsets, as part of an entry that begins at
    /// `header`; nil when it does not lie within one frame. Earlier frames are forgotten.
    func location(header: Int64, start: Int64, length: Int64) -> ContentLocation? {
        guard codec is ZstdDecompressor else { return ContentLocation(frame: 0, offset: start, length: length) }
        return frames.location(header: header, start: start, length: length)
    }
}
