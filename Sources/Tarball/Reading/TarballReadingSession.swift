import Streams

/// One reading of a tarball, on a thread of its own. Entries are handed over in batches to spare changes of thread.
actor TarballReadingSession {
    private let executor: ThreadExecutor
    private let input: BlockingInput
    private let limits: TarballLimits
    private var archive: ArchiveReadHandle?
    private let source: TarSource
    private var entries = 0
    private var contentBytes: Int64 = 0
    private var end: Result<Void, any Error>?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The content and names from which a batch is full.
    private static let batchSize = 512 << 10
    private static let batchCount = 256

    init(_ stream: ByteStream, limits: TarballLimits) {
        executor = ThreadExecutor(name: "tarball-reader")
        input = BlockingInput(stream)
        self.limits = limits
        source = TarSource(input, limits: limits)
    }

    /// Some entries, none at the end. Entries before an error are handed over before it is thrown.
    nonisolated func nextBatch() async throws -> [TarballReader.Entry] {
        try await withTaskCancellationHandler {
            try await readBatch()
        } onCancel: {
            input.cancel()
        }
    }

    private func readBatch() throws -> [TarballReader.Entry] {
        try Task.checkCancellation()
        var batch: [TarballReader.Entry] = []
        var size = 0
        while end == nil, size < Self.batchSize, batch.count < Self.batchCount {
            do {
                if let entry = try nextEntry() {
                    batch.append(entry)
                    size += entry.content.count + entry.path.utf8.count + (entry.linkTarget?.utf8.count ?? 0)
                } else {
                    end = .success(())
                }
            } catch {
                end = .failure(error)
            }
            if end != nil { archive = nil }
        }
        if batch.isEmpty { try end?.get() }
        return batch
    }

    private func nextEntry() throws -> TarballReader.Entry? {
        let archive = try openArchive()
        guard let header = try archive.nextHeader() else { return nil }
        entries += 1
        guard entries <= limits.maximumEntries else { throw TarballError.tooManyEntries(limit: limits.maximumEntries) }
        let path = try archive.path(isDirectory: header.kind == .directory, maximumLength: limits.maximumPathLength)
        var content: [UInt8] = []
        var location: ContentLocation?
        if header.kind == .regular {
            guard header.size >= 0, header.size <= limits.maximumEntrySize else {
                throw TarballError.entryTooLarge(path: path, size: header.size, limit: limits.maximumEntrySize)
            }
            // The holes of sparse files cost nothing in the tar, so contents are counted too.
            contentBytes += header.size
            try limits.check(produced: contentBytes, from: source.compressedLength)
            content = try archive.content(Int(header.size))
            if !header.isSparse {
                location = source.location(
                    header: header.position, start: header.contentPosition, length: header.size)
            }
        }
        return TarballReader.Entry(
            path: path, kind: header.kind, size: header.size, mode: header.mode, modified: header.modified,
            linkTarget: header.linkTarget, content: content, location: location)
    }

    private func openArchive() throws -> ArchiveReadHandle {
        if let archive { return archive }
        let opened = try ArchiveReadHandle(source)
        archive = opened
        return opened
    }
}
