import CLibZstd

/// Compresses and decompresses single blocks of memory, each one zstd frame.
///
/// Not for use by two threads at once: each worker keeps one of its own.
public final class ZstdBlockCodec {
    private let compressor: OpaquePointer
    private let decompressor: OpaquePointer

    /// A codec.
    ///
    /// - Parameter level: libzstd's, negative for faster than 1.
    /// - Throws: ``TarballError/invalidConfiguration(reason:)`` for a level that libzstd has not.
    public init(level: Int) throws(TarballError) {
        guard level != 0, level <= Int(ZSTD_maxCLevel()), level >= Int(ZSTD_minCLevel()) else {
            throw .invalidConfiguration(reason: "zstd has no level \(level)")
        }
        guard let compressor = ZSTD_createCCtx(), let decompressor = ZSTD_createDCtx() else {
            throw .system(operation: "compress with zstd", reason: "out of memory")
        }
        self.compressor = compressor
        self.decompressor = decompressor
        try set(ZSTD_c_compressionLevel, to: level)
        // zstd gives its fastest levels tables of 64 and 256 KiB, and windows of 512 KiB and 1 MiB. With half a megabyte,
        // which fits in most processors' second cache, they find in blocks of a megabyte and more nearly what level 3
        // finds. See docs/decisions/0007.
        if level == 1 || level == 2 {
            try set(ZSTD_c_hashLog, to: 17)
            try set(ZSTD_c_windowLog, to: 22)
        }
    }

    private func set(_ parameter: ZSTD_cParameter, to value: Int) throws(TarballError) {
        let result = ZSTD_CCtx_setParameter(compressor, parameter, Int32(value))
        guard ZSTD_isError(result) == 0 else { throw Self.failure("compress with zstd", result) }
    }

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// One frame with its content size in its header and no checksum: the caller has a better one.
    ///
    /// - Parameter reserve: bytes to keep free in the result's capacity, for what the caller appends.
    public func compress(_ content: UnsafeRawBufferPointer, reserving reserve: Int = 0) throws(TarballError) -> [UInt8]
    {
        var result = 0
        let bound = ZSTD_compressBound(content.count)
        let frame = [UInt8](unsafeUninitializedCapacity: bound + reserve) { buffer, count in
            result = ZSTD_compress2(compressor, buffer.baseAddress, bound, content.baseAddress, content.count)
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        guard ZSTD_isError(result) == 0 else { throw Self.failure("compress with zstd", result) }
        return frame
    }

    /// One frame, as ``compress(_:reserving:)`` makes it, in memory of at least ``bound(of:)`` bytes.
    ///
    /// - Returns: the bytes of the frame.
    public func compress(
        _ content: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(TarballError) -> Int {
        let result = ZSTD_compress2(
            compressor, output.baseAddress, output.count, content.baseAddress, content.count)
        guard ZSTD_isError(result) == 0 else { throw Self.failure("compress with zstd", result) }
        return result
    }

    /// The most bytes that the frame of so many bytes of content has.
    public static func bound(of count: Int) -> Int { ZSTD_compressBound(count) }

    /// The content of one frame.
    ///
    /// - Parameter size: the exact size that the content must have, from a trusted source or bounded by the caller.
    /// - Throws: ``TarballError`` when it is damaged or of another size.
    public func decompress(_ frame: UnsafeRawBufferPointer, size: Int) throws(TarballError) -> [UInt8] {
        var result = 0
        let content = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            result = ZSTD_decompressDCtx(decompressor, buffer.baseAddress, size, frame.baseAddress, frame.count)
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        guard ZSTD_isError(result) == 0 else { throw Self.failure("decompress zstd", result) }
        guard content.count == size else {
            throw .system(operation: "decompress zstd", reason: "\(content.count) bytes instead of \(size)")
        }
        return content
    }

    private static func failure(_ operation: String, _ result: Int) -> TarballError {
        .system(operation: operation, reason: String(cString: ZSTD_getErrorName(result)))
    }
}
