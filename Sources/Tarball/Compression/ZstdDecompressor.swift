import CLibZstd

/// Owns a decompression context of libzstd.
final class ZstdDecompressor: StreamDecompressor {
    private let context: OpaquePointer
    private(set) var holdsOutput = false
    private(set) var isBetweenFrames = true

    /// The largest window that a frame may ask for, as a power of two: what libzstd's own levels need at most.
    private static let maximumWindow: Int32 = 27

    init() throws(TarballError) {
        guard let context = ZSTD_createDCtx() else {
            throw .system(operation: "decompress zstd", reason: "out of memory")
        }
        self.context = context
        let result = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.maximumWindow)
        guard ZSTD_isError(result) == 0 else {
            throw .system(operation: "decompress zstd", reason: String(cString: ZSTD_getErrorName(result)))
        }
    }

    deinit { ZSTD_freeDCtx(context) }

    func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(DamagedStream) -> DecompressionStep {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        var endsFrame = false
        // libzstd may return before it has used all input: go on until it has, or has no room, or is at a frame's end.
        repeat {
            let before = (source.pos, target.pos)
            let result = ZSTD_decompressStream(context, &target, &source)
            guard ZSTD_isError(result) == 0 else {
                throw DamagedStream(reason: String(cString: ZSTD_getErrorName(result)))
            }
            endsFrame = result == 0
            if before == (source.pos, target.pos) { break }
        } while !endsFrame && source.pos < source.size && target.pos < target.size
        if source.pos > 0 || target.pos > 0 { isBetweenFrames = endsFrame }
        holdsOutput = !endsFrame && target.pos == target.size
        return DecompressionStep(consumed: source.pos, produced: target.pos, endsFrame: endsFrame)
    }
}
