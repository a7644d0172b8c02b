public import Streams

/// Reads single entries out of a tarball of zstd frames: one frame is decompressed, and contents are cut out of it.
public enum FrameReader {
    /// The contents at some locations that lie in one frame, in the order of the locations.
    ///
    /// The stream is read until the frame ends, and no further than to the end of the piece in which it does.
    ///
    /// - Parameters:
    ///   - locations: where the contents are; only offsets and lengths are looked at.
    ///   - stream: the tarball's bytes from the beginning of the frame on; what follows the frame is not looked at.
    ///   - limits: limits for the frame and for all contents together.
    /// - Throws: ``TarballError``, the stream's error, or `CancellationError`.
    public static func contents(
        of locations: [ContentLocation], inFrame stream: ByteStream, limits: TarballLimits = TarballLimits()
    ) async throws -> [[UInt8]] {
        try await FrameReading(locations, limits: limits).read(stream)
    }

    /// The contents at some locations that lie in one frame, which the bytes begin with.
    public static func contents(
        of locations: [ContentLocation], inFrame bytes: [UInt8], limits: TarballLimits = TarballLimits()
    ) async throws -> [[UInt8]] {
        try await BlockingPool.shared.run {
            let extractor = try FrameExtractor(locations, limits: limits)
            guard try extractor.supply(bytes) else { throw TarballError.truncated(offset: extractor.consumed) }
            return try extractor.contents()
        }
    }
}

/// Reads one frame from a stream, on a thread of its own.
private actor FrameReading {
    private let executor = ThreadExecutor(name: "frame-reader")
    private let extractor: FrameExtractor

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ locations: [ContentLocation], limits: TarballLimits) throws {
        extractor = try FrameExtractor(locations, limits: limits)
    }

    func read(_ stream: ByteStream) async throws -> [[UInt8]] {
        for try await piece in stream where try extractor.supply(piece) { return try extractor.contents() }
        throw TarballError.truncated(offset: extractor.consumed)
    }
}
