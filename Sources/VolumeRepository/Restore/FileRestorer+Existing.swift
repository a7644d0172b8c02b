import Glibc
import Streams

/// What to do where a file is there already.
extension FileRestorer {
    /// Leaves a file that size and time say is the snapshot's; true when there is nothing more to do. Blocks.
    func keep(_ job: FileJob) -> Bool {
        guard !job.directory.isNew, options.rewrite == .differing,
            let file = job.directory.descriptor.openHandle(job.name), let status = file.status(),
            Self.isSame(status, job.entry)
        else { return false }
        keepInPlace(job, file)
        return true
    }

    /// Whether size and time say that a file is the snapshot's.
    static func isSame(_ status: FileStatus, _ entry: TreeEntry) -> Bool {
        status.kind == .file && status.size == entry.size && status.modified == entry.modified
    }

    /// Leaves a small file whose content is the snapshot's. Blocks.
    func keepEqual(_ job: FileJob, _ contents: [ChunkID: Result<[UInt8], any Error>]) -> Bool {
        guard let file = existing(job) else { return false }
        var offset: Int64 = 0
        for extent in job.entry.extents {
            defer { offset += extent.length }
            switch extent {
            case .hole(let length):
                guard file.readsAsZero(offset..<offset + length, size: job.entry.size) == true else { return false }
            case .chunk(let id, let start, let length):
                guard let content = try? contents[id]?.get(),
                    let piece = try? Self.piece(of: content, id, start, length),
                    file.reads(as: piece, at: offset) == true
                else { return false }
            }
        }
        keepInPlace(job, file)
        return true
    }

    /// The file that is there, if its content is the snapshot's, chunk by chunk. One that cannot be read is replaced.
    func equalFile(_ job: FileJob) async throws -> FileDescriptor? {
        guard let file = try await BlockingPool.shared.run({ existing(job) }) else { return nil }
        do {
            let isEqual = try await ContentComparison.isEqual(
                file, job.entry.path, job.entry.extents, at: 0, size: job.entry.size, source)
            return isEqual ? file : nil
        } catch is FileError {
            return nil
        }
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
    func keepInPlace(_ job: FileJob, _ file: FileDescriptor) {
        metadata.apply(job.entry, to: file, mayHaveAttributes: true)
        log.count {
            $0.filesUnchanged += 1
            if options.rewrite == .differingContent { $0.filesVerified += 1 }
        }
        job.directory.release()
    }
}

/// Compares what a file holds with what a snapshot says.
enum ContentComparison {
    static func isEqual(
        _ file: FileDescriptor, _ path: [UInt8], _ extents: [Extent], at start: Int64, size: Int64,
        _ source: any ChunkReading
    ) async throws -> Bool {
        var offset = start
        for extent in extents {
            let range = offset..<offset + extent.length
            offset = range.upperBound
            let piece: ArraySlice<UInt8>?
            if case .chunk(let id, let start, let length) = extent {
                piece = try FileRestorer.piece(of: try await source.content(of: id), id, start, length)
            } else {
                piece = nil
            }
            let isEqual = try await BlockingPool.shared.run {
                let isEqual = piece.map { file.reads(as: $0, at: range.lowerBound) }
                guard let isEqual = isEqual ?? file.readsAsZero(range, size: size) else {
                    throw FileError("read", path)
                }
                return isEqual
            }
            guard isEqual else { return false }
        }
        return true
    }
}

extension FileDescriptor {
    /// Whether the file has these bytes at an offset; nil with `errno` set when it cannot be read.
    func reads(as expected: ArraySlice<UInt8>, at offset: Int64) -> Bool? {
        var count: Int?
        let own = [UInt8](unsafeUninitializedCapacity: expected.count) { buffer, filled in
            count = read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            filled = count ?? 0
        }
        return count == nil ? nil : own.isEqual(to: expected)
    }

    /// Whether a stretch of the file reads as zero; nil with `errno` set when it cannot be read. Holes are not read.
    func readsAsZero(_ range: Range<Int64>, size: Int64) -> Bool? {
        var offset = range.lowerBound
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while offset < range.upperBound {
            switch region(at: offset, size: size) {
            case .hole(let hole): offset = hole.upperBound
            case .data(let data):
                let count = Int(min(Int64(buffer.count), min(data.upperBound, range.upperBound) - offset))
                let isZeroHere = buffer.withUnsafeMutableBytes { bytes -> Bool? in
                    let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
                    return read(into: piece, at: offset).map { $0 == count && isZero(UnsafeRawBufferPointer(piece)) }
                }
                guard isZeroHere == true else { return isZeroHere }
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
