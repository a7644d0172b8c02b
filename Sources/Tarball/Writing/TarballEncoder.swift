/// Turns entries into a compressed tarball in memory. Not for use on the cooperative pool.
final class TarballEncoder {
    private enum Sink {
        case frames(ZstdCompressor, FramePolicy)
        case stream(GzipCompressor)
    }

    private let tar: ArchiveWriteHandle
    private let sink: Sink
    /// Compressed bytes that nobody has taken.
    private let output = GrowableBuffer(capacity: 1 << 20)
    /// Compressed bytes that have been taken.
    private var taken: Int64 = 0
    /// Bytes of tar that have gone to gzip.
    private var streamed: Int64 = 0
    private var entries = 0
    private var contentBytes: Int64 = 0
    private var frames = 0

    /// The tar that gzip is given at once.
    private static let streamBlock = 256 << 10

    init(compression: TarballCompression, framePolicy: FramePolicy) throws(TarballError) {
        switch compression {
        case .zstd(let level, let workers):
            sink = .frames(try ZstdCompressor(level: level, workers: workers), framePolicy)
            tar = try ArchiveWriteHandle(capacity: framePolicy.target + 4096)
        case .gzip(let level):
            sink = .stream(try GzipCompressor(level: level))
            tar = try ArchiveWriteHandle(capacity: 2 * Self.streamBlock)
            frames = 1
        }
    }

    /// The compressed bytes that can be taken.
    var available: Int { output.count }

    /// What has been written; complete after ``finish()``.
    var summary: TarballSummary {
        TarballSummary(
            entries: entries, contentBytes: contentBytes, compressedBytes: taken + Int64(output.count), frames: frames)
    }

    /// Takes compressed bytes.
    func take(_ length: Int) -> [UInt8] {
        let piece = output.take(length)
        taken += Int64(piece.count)
        return piece
    }

    /// Adds an entry and says where its content will be.
    func append(_ entry: TarballEntry) throws(TarballError) -> ContentLocation {
        let size = 512 + (entry.content.count + 511) & ~511
        if case .frames(_, let policy) = sink, tar.buffer.count > 0, tar.buffer.count + size > policy.target {
            try flush()
        }
        let offset = Int64(try tar.append(entry))
        entries += 1
        contentBytes += Int64(entry.content.count)
        let length = Int64(entry.content.count)
        switch sink {
        case .frames(_, let policy):
            let location = ContentLocation(frame: taken + Int64(output.count), offset: offset, length: length)
            if tar.buffer.count >= policy.target { try flush() }
            return location
        case .stream:
            let location = ContentLocation(frame: 0, offset: streamed + offset, length: length)
            if tar.buffer.count >= Self.streamBlock { try flush() }
            return location
        }
    }

    /// Ends the frame if it holds at least the policy's minimum.
    func cut() throws(TarballError) {
        if case .frames(_, let policy) = sink, tar.buffer.count > 0, tar.buffer.count >= policy.minimum { try flush() }
    }

    /// Writes the end of the archive.
    func finish() throws(TarballError) {
        try tar.close()
        try flush(finish: true)
    }

    private func flush(finish: Bool = false) throws(TarballError) {
        switch sink {
        case .frames(let compressor, let policy):
            try compressor.compressFrame(tar.buffer.bytes, into: output)
            frames += 1
            tar.buffer.removeAll(releasingAbove: max(2 * policy.target, 1 << 20))
        case .stream(let compressor):
            try compressor.compress(tar.buffer.bytes, into: output, finish: finish)
            streamed += Int64(tar.buffer.count)
            tar.buffer.removeAll()
        }
    }
}
