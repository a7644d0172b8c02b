import CLibZstd

/// Owns a compression context of libzstd.
final class ZstdCompressor: StreamCompressor {
    private let context: OpaquePointer

    /// A compressor whose frames carry a checksum of their content.
    ///
    /// - Throws: ``TarballError/invalidConfiguration(reason:)``.
    init(level: Int, workers: Int) throws(TarballError) {
        guard let context = ZSTD_createCCtx() else {
            throw .system(operation: "compress with zstd", reason: "out of memory")
        }
        self.context = context
        // A context with any level 0 means the default level, which nobody asks for by that number.
        guard level != 0, level <= Int(ZSTD_maxCLevel()), level >= Int(ZSTD_minCLevel()) else {
            throw .invalidConfiguration(reason: "zstd has no level \(level)")
        }
        guard (0...256).contains(workers) else {
            throw .invalidConfiguration(reason: "\(workers) workers")
        }
        try set(ZSTD_c_compressionLevel, Int32(level))
        try set(ZSTD_c_checksumFlag, 1)
        if workers > 0 {
            try set(ZSTD_c_nbWorkers, Int32(workers))
            // The smallest job that libzstd allows, so that a frame of usual size is shared by several workers.
            try set(ZSTD_c_jobSize, 512 << 10)
        }
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Appends one complete frame, with its content size in its header.
    func compressFrame(_ content: UnsafeRawBufferPointer, into output: GrowableBuffer) throws(TarballError) {
        do {
            try output.append(upTo: ZSTD_compressBound(content.count)) { room in
                try Self.checked(
                    ZSTD_compress2(context, room.baseAddress, room.count, content.baseAddress, content.count))
            }
        } catch let error as TarballError {
            throw error
        } catch {
            throw .system(operation: "compress with zstd", reason: "\(error)")
        }
    }

    /// Compresses some input of the one frame of a stream.
    func compress(_ input: UnsafeRawBufferPointer, into output: GrowableBuffer, finish: Bool) throws(TarballError) {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        let directive = finish ? ZSTD_e_end : ZSTD_e_continue
        var isDone = false
        while !isDone {
            var result = 0
            output.append(upTo: ZSTD_CStreamOutSize()) { room in
                var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                result = ZSTD_compressStream2(context, &target, &source, directive)
                return target.pos
            }
            let remaining = try Self.checked(result)
            isDone = finish ? remaining == 0 : source.pos == source.size
        }
    }

    private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(TarballError) {
        let result = ZSTD_CCtx_setParameter(context, parameter, value)
        guard ZSTD_isError(result) == 0 else {
            throw .invalidConfiguration(reason: String(cString: ZSTD_getErrorName(result)))
        }
    }

    @discardableResult
    private static func checked(_ result: Int) throws(TarballError) -> Int {
        guard ZSTD_isError(result) == 0 else {
            throw .system(operation: "compress with zstd", reason: String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }
}
