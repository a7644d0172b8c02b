import CLibZ

/// Owns a deflate stream of zlib that writes the gzip format, without a name or a time in its header.
final class GzipCompressor: StreamCompressor {
    // zlib keeps a pointer to its stream, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>

    init(level: Int) throws(TarballError) {
        guard (0...9).contains(level) else { throw .invalidConfiguration(reason: "gzip has no level \(level)") }
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = godwit_gzip_deflate_init(stream, Int32(level))
        guard result == Z_OK else { throw .system(operation: "compress with gzip", reason: "zlib answered \(result)") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func compress(_ input: UnsafeRawBufferPointer, into output: GrowableBuffer, finish: Bool) throws(TarballError) {
        var rest = input
        repeat {
            // zlib counts in 32 bits.
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
            try deflate(part, into: output, flush: finish && rest.isEmpty ? Z_FINISH : Z_NO_FLUSH)
        } while !rest.isEmpty
    }

    private func deflate(
        _ input: UnsafeRawBufferPointer, into output: GrowableBuffer, flush: Int32
    ) throws(TarballError) {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        var result = Z_OK
        var isFull = false
        repeat {
            output.append(upTo: 64 << 10) { room in
                stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
                stream.pointee.avail_out = UInt32(room.count)
                result = CLibZ.deflate(stream, flush)
                isFull = stream.pointee.avail_out == 0
                return room.count - Int(stream.pointee.avail_out)
            }
            // Z_BUF_ERROR says only that there was nothing to do.
            guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else {
                throw .system(operation: "compress with gzip", reason: "zlib answered \(result)")
            }
        } while isFull && result != Z_STREAM_END
    }
}
