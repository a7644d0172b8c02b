/// Compresses a stream of bytes, piece by piece. Not for use on the cooperative pool: it computes for long.
protocol StreamCompressor: AnyObject {
    /// Compresses some input; with `finish`, also writes the end of the stream.
    func compress(_ input: UnsafeRawBufferPointer, into output: GrowableBuffer, finish: Bool) throws(TarballError)
}

/// What one call of a decompressor did.
struct DecompressionStep {
    /// The compressed bytes it took.
    var consumed: Int
    /// The bytes it produced.
    var produced: Int
    /// Whether this was the end of a frame (zstd) or member (gzip).
    var endsFrame: Bool
}

/// Decompresses frames or members, one after another.
protocol StreamDecompressor: AnyObject {
    /// Whether there may be more output without more input.
    var holdsOutput: Bool { get }
    /// Whether the input may end here.
    var isBetweenFrames: Bool { get }
    /// Decompresses until the input is used up, the output is full, or a frame ends. Damage is thrown as its reason.
    func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(DamagedStream) -> DecompressionStep
}

/// Compressed data cannot be decompressed.
struct DamagedStream: Error {
    let reason: String
}

extension TarballCompression {
    /// A compressor for one stream.
    func makeCompressor() throws(TarballError) -> any StreamCompressor {
        switch self {
        case .zstd(let level, let workers): try ZstdCompressor(level: level, workers: workers)
        case .gzip(let level): try GzipCompressor(level: level)
        }
    }
}
