import Glibc
import Streams

/// What to do where a file is there already.
extension FileRestorer {
    /// Leaves a file that size and time say is the snapshot's; true when there is nothing more to do. Blocks.
    func keep(_ job: FileJob) -> Bool {
        guard !job.directory.isNew, options.rewrite == .differing,
            let status = job.directory.descriptor.status(of: job.name), status.kind == .file,
            status.size == job.entry.size, status.modified == job.entry.modified
        else { return false }
        keepInPlace(job)
        return true
    }

    /// Leaves a small file whose content is the snapshot's. Blocks.
    func keepEqual(_ job: FileJob, _ contents: [ChunkID: Result<[UInt8], any Error>]) -> Bool {
        guard let file = existing(job) else { return false }
        var offset: Int64 = 0
        for extent in job.entry.extents {
            defer { offset += extent.length }
            switch extent {
            case .hole(let length):
                guard file.readsAsZero(offset..<offset + length, size: job.entry.size) else { return false }
            case .chunk(let id, let start, let length):
                guard let content = try? contents[id]?.get(),
                    let piece = try? Self.piece(of: content, id, start, length),
                    file.reads(as: piece, at: offset)
                else { return false }
            }
        }
        keepInPlace(job)
        return true
    }

    /// Whether a file is there whose content is the snapshot's, chunk by chunk.
    func isEqual(_ job: FileJob) async throws -> Bool {
        guard let file = try await BlockingPool.shared.run({ existing(job) }) else { return false }
        return try await ContentComparison.isEqual(file, job.entry.extents, at: 0, size: job.entry.size, source)
    }

    /// The file that is there, if its content is to be compared and can be equal.
    private func existing(_ job: FileJob) -> FileDescriptor? {
        guard !job.directory.isNew, options.rewrite == .differingContent,
            let file = job.directory.descriptor.openForReading(job.name),
            let status = file.status(), status.kind == .file, status.size == job.entry.size
        else { return nil }
        return file
    }

    /// Counts a file that stays, with the owner, mode, attributes and times of the snapshot. Blocks.
    func keepInPlace(_ job: FileJob) {
        let directory = job.directory.descriptor
        if let file = directory.openForReading(job.name), file.status()?.kind == .file {
            metadata.apply(job.entry, to: job.name, in: directory, file: file, mayHaveAttributes: true)
            log.count {
                $0.filesUnchanged += 1
                if options.rewrite == .differingContent { $0.filesVerified += 1 }
            }
        } else {
            log.fail(job.entry.path, FileError("open", job.entry.path))
        }
        job.directory.release()
    }
}

/// Compares what a file holds with what a snapshot says.
enum ContentComparison {
    static func isEqual(
        _ file: FileDescriptor, _ extents: [Extent], at start: Int64, size: Int64, _ source: any ChunkReading
    ) async throws -> Bool {
        var offset = start
        for extent in extents {
            let range = offset..<offset + extent.length
            offset = range.upperBound
            switch extent {
            case .hole:
                guard try await BlockingPool.shared.run({ file.readsAsZero(range, size: size) }) else { return false }
            case .chunk(let id, let start, let length):
                let piece = try FileRestorer.piece(of: try await source.content(of: id), id, start, length)
                guard try await BlockingPool.shared.run({ file.reads(as: piece, at: range.lowerBound) }) else {
                    return false
                }
            }
        }
        return true
    }
}

extension FileDescriptor {
    /// Whether the file has these bytes at an offset.
    func reads(as expected: ArraySlice<UInt8>, at offset: Int64) -> Bool {
        let own = [UInt8](unsafeUninitializedCapacity: expected.count) { buffer, filled in
            filled = read(into: UnsafeMutableRawBufferPointer(buffer), at: offset) ?? 0
        }
        return own.isEqual(to: expected)
    }

    /// Whether a stretch of the file reads as zero; holes are not read.
    func readsAsZero(_ range: Range<Int64>, size: Int64) -> Bool {
        var offset = range.lowerBound
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while offset < range.upperBound {
            switch region(at: offset, size: size) {
            case .hole(let hole): offset = hole.upperBound
            case .data(let data):
                let count = Int(min(Int64(buffer.count), min(data.upperBound, range.upperBound) - offset))
                let isZeroHere = buffer.withUnsafeMutableBytes { bytes in
                    let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
                    return read(into: piece, at: offset) == count && isZero(UnsafeRawBufferPointer(piece))
                }
                guard isZeroHere else { return false }
                offset += Int64(count)
            }
        }
        return true
    }
}

extension [UInt8] {
    /// Whether these are the bytes of a slice; quick also in a debug build.
    fileprivate func isEqual(to other: ArraySlice<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return withUnsafeBytes { own in
            other.withUnsafeBytes { other in
                guard let left = own.baseAddress, let right = other.baseAddress else { return true }
                return memcmp(left, right, own.count) == 0
            }
        }
    }
}
