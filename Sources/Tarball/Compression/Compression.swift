import Streams

/// Compression of bytes in memory. The work is done on the blocking pool.
public enum Compression {
    /// Compresses bytes as one zstd frame or one gzip member.
    public static func compress(
        _ bytes: [UInt8], with compression: TarballCompression = .zstd()
    ) async throws -> [UInt8] {
        try await BlockingPool.shared.run {
            let output = GrowableBuffer(capacity: bytes.count / 2)
            let compressor = try compression.makeCompressor()
            try bytes.withUnsafeBytes { try compressor.compress($0, into: output, finish: true) }
            return output.take(output.count)
        }
    }

    /// Decompresses zstd or gzip, told apart by the first bytes.
    ///
    /// - Throws: ``TarballError``, and ``TarballError/tooLarge(limit:)`` when there are more than `limit` bytes.
    public static func decompress(_ bytes: [UInt8], limit: Int) async throws -> [UInt8] {
        try await BlockingPool.shared.run {
            // With so strict a total the expansion does not matter.
            let limits = TarballLimits(maximumTotalSize: Int64(limit), expansionFloor: .max)
            let decompressor = Decompressor(limits: limits, allowsPlain: false)
            decompressor.supply(bytes)
            decompressor.endInput()
            let output = GrowableBuffer(capacity: 4 * bytes.count)
            while true {
                var progress = Decompressor.Progress.needsInput
                try output.append(upTo: 64 << 10) { room in
                    progress = try decompressor.produce(into: room)
                    if case .output(let length) = progress { return length }
                    return 0
                }
                if case .output = progress { continue }
                return output.take(output.count)
            }
        }
    }
}
