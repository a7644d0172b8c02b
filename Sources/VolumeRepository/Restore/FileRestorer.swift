import Glibc
import GodwitModel
import Streams

/// A file on its way to the target. It holds its directory until it is done.
struct FileJob: Sendable {
    let entry: TreeEntry
    let name: [UInt8]
    let directory: TargetDirectory
}

/// Restores files: what is there already is left, everything else is written beside its name and then placed.
struct FileRestorer: Sendable {
    let source: any ChunkReading
    let options: RestoreOptions
    let log: RestoreLog
    let metadata: MetadataWriter

    /// The chunks that are fetched at a time for one large file, or for a group.
    private static let parallelChunks = 4

    // MARK: Groups of small files

    /// Restores files that share a few chunks, each of which is fetched once.
    func restore(_ jobs: [FileJob]) async throws {
        let missing = try await BlockingPool.shared.run { jobs.filter { !keep($0) } }
        guard !missing.isEmpty else { return }
        let contents = try await fetch(Set(missing.flatMap { chunks(of: $0.entry.extents) }))
        try Task.checkCancellation()
        let rest = try await BlockingPool.shared.run { missing.filter { !keepEqual($0, contents) } }
        try await BlockingPool.shared.run {
            for job in rest {
                do {
                    try write(job, contents)
                } catch {
                    log.lose(job.entry, error)
                }
                job.directory.release()
            }
            log.tell()
        }
    }

    private func chunks(of extents: [Extent]) -> [ChunkID] {
        extents.compactMap { extent in if case .chunk(let id, _, _) = extent { id } else { nil } }
    }

    private func fetch(_ ids: Set<ChunkID>) async throws -> [ChunkID: Result<[UInt8], any Error>] {
        try await withThrowingTaskGroup(of: (ChunkID, Result<[UInt8], any Error>).self) { group in
            var contents: [ChunkID: Result<[UInt8], any Error>] = [:]
            var running = 0
            for id in ids {
                if running >= Self.parallelChunks, let (id, content) = try await group.next() {
                    contents[id] = content
                    running -= 1
                }
                running += 1
                group.addTask {
                    do {
                        return (id, .success(try await source.content(of: id)))
                    } catch {
                        if Task.isCancelled { throw CancellationError() }
                        return (id, .failure(error))
                    }
                }
            }
            for try await (id, content) in group { contents[id] = content }
            return contents
        }
    }

    private func write(_ job: FileJob, _ contents: [ChunkID: Result<[UInt8], any Error>]) throws {
        let entry = job.entry
        // All content is looked at before anything is made.
        for extent in entry.extents { _ = try piece(of: extent, contents) }
        let partial = try PartialFile(in: job.directory.descriptor, path: entry.path)
        try prepare(partial, entry)
        var offset: Int64 = 0
        for extent in entry.extents {
            if let piece = try piece(of: extent, contents) {
                try partial.write(piece, at: offset, passingZeros: options.makesZerosSparse, path: entry.path)
                log.count { $0.bytesWritten += Int64(piece.count) }
            }
            offset += extent.length
        }
        try place(partial, job)
    }

    private func piece(
        of extent: Extent, _ contents: [ChunkID: Result<[UInt8], any Error>]
    ) throws -> ArraySlice<UInt8>? {
        guard case .chunk(let id, let start, let length) = extent else { return nil }
        guard let content = try contents[id]?.get() else { return nil }
        return try Self.piece(of: content, id, start, length)
    }

    static func piece(
        of content: [UInt8], _ id: ChunkID, _ start: Int, _ length: Int
    ) throws(TreeError) -> ArraySlice<UInt8> {
        guard start >= 0, length > 0, start <= content.count, length <= content.count - start else {
            throw .contentBeyondChunk(id)
        }
        return content[start..<start + length]
    }

    // MARK: Large files

    /// Restores one file, fetching and writing several of its chunks at a time.
    ///
    /// - Parameter more: brings the extents that are not in the entry.
    func restoreLarge(_ job: FileJob, more: BoundedChannel<[Extent]>?) async throws {
        defer { more?.abandon() }
        if try await BlockingPool.shared.run({ keep(job) }) { return }
        do {
            if more == nil, let file = try await equalFile(job) {
                return try await BlockingPool.shared.run { keepInPlace(job, file) }
            }
            let partial = try await BlockingPool.shared.run {
                let partial = try PartialFile(in: job.directory.descriptor, path: job.entry.path)
                try prepare(partial, job.entry)
                return partial
            }
            try await write(job, more, to: partial)
            try Task.checkCancellation()
            try await BlockingPool.shared.run { try place(partial, job) }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            log.lose(job.entry, error)
        }
        try await BlockingPool.shared.run { job.directory.release() }
        log.tell()
    }

    private func write(_ job: FileJob, _ more: BoundedChannel<[Extent]>?, to partial: PartialFile) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var offset: Int64 = 0
            var running = 0
            var extents: [Extent]? = job.entry.extents
            while let piece = extents {
                for extent in piece {
                    defer { offset += extent.length }
                    guard case .chunk(let id, let start, let length) = extent else { continue }
                    if running >= Self.parallelChunks {
                        try await group.next()
                        running -= 1
                    }
                    running += 1
                    let position = offset
                    group.addTask {
                        let content = try await source.content(of: id)
                        let piece = try Self.piece(of: content, id, start, length)
                        try await BlockingPool.shared.run {
                            try partial.write(
                                piece, at: position, passingZeros: options.makesZerosSparse, path: job.entry.path)
                        }
                        log.count { $0.bytesWritten += Int64(length) }
                        log.tell()
                    }
                }
                extents = try await more?.next()
            }
            guard offset == job.entry.size else { throw TreeError.truncated(line: 0) }
            try await group.waitForAll()
        }
    }

    // MARK: Both

    private func prepare(_ partial: PartialFile, _ entry: TreeEntry) throws(FileError) {
        guard entry.size > 0 else { return }
        // A file of one piece gets its length by being written.
        if !options.makesZerosSparse, entry.extents.count == 1, case .chunk(_, _, let length) = entry.extents[0],
            length == entry.size
        {
            return
        }
        let code = partial.file.setLength(entry.size)
        if code != 0 { throw FileError("write", entry.path, code: code) }
    }

    private func place(_ partial: PartialFile, _ job: FileJob) throws(FileError) {
        metadata.apply(job.entry, to: partial.file, mayHaveAttributes: job.directory.inheritsACL)
        try partial.place(as: job.name, path: job.entry.path, removal: options.removal(log))
        log.count { $0.filesWritten += 1 }
    }
}
