import CLibZ

/// Owns an inflate stream of zlib that reads the gzip format: members one after another, and zeros after the last.
final class GzipDecompressor: StreamDecompressor {
    // zlib keeps a pointer to its stream, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var holdsOutput = false
    private(set) var isBetweenFrames = true
    private var isInPadding = false
    private var isFirst = true

    init() throws(TarballError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = godwit_gzip_inflate_init(stream)
        guard result == Z_OK else { throw .system(operation: "decompress gzip", reason: "zlib answered \(result)") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(DamagedStream) -> DecompressionStep {
        if isBetweenFrames, let next = input.first {
            if isInPadding || (!isFirst && next == 0) { return try skipPadding(input) }
            if !isFirst { inflateReset(stream) }
            isFirst = false
            isBetweenFrames = false
        }
        let input = UnsafeRawBufferPointer(rebasing: input.prefix(1 << 30))
        let output = UnsafeMutableRawBufferPointer(rebasing: output.prefix(1 << 30))
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        let result = inflate(stream, Z_NO_FLUSH)
        guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else {
            let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib answered \(result)"
            throw DamagedStream(reason: reason)
        }
        if result == Z_STREAM_END { isBetweenFrames = true }
        holdsOutput = result != Z_STREAM_END && stream.pointee.avail_out == 0
        return DecompressionStep(
            consumed: input.count - Int(stream.pointee.avail_in),
            produced: output.count - Int(stream.pointee.avail_out), endsFrame: result == Z_STREAM_END)
    }

    private func skipPadding(_ input: UnsafeRawBufferPointer) throws(DamagedStream) -> DecompressionStep {
        isInPadding = true
        guard input.allSatisfy({ $0 == 0 }) else {
            throw DamagedStream(reason: "something follows the last gzip member")
        }
        return DecompressionStep(consumed: input.count, produced: 0, endsFrame: false)
    }
}
