import VolumeRepository

/// The repository as one run uses it: opened when it is first needed, with one writer and one reader for all volumes.
///
/// The stages of a run call it one after the other.
actor RepositorySession {
    private let open: @Sendable (_ creating: Bool) async throws -> Repository
    private var opened: Repository?
    private var currentWriter: RepositoryWriter?
    /// Of the time when the writer was made.
    private var history: VolumeHistory?
    private var currentReader: RepositoryReader?

    init(open: @escaping @Sendable (_ creating: Bool) async throws -> Repository) { self.open = open }

    func repository(creating: Bool) async throws -> Repository {
        if let opened { return opened }
        let repository = try await open(creating)
        opened = repository
        return repository
    }

    func writer() async throws -> (Repository, RepositoryWriter, VolumeHistory) {
        let repository = try await repository(creating: true)
        if let currentWriter, let history { return (repository, currentWriter, history) }
        await discardWriter()
        let writer = try await repository.makeWriter()
        currentWriter = writer
        let history = try await repository.history()
        self.history = history
        return (repository, writer, history)
    }

    func reader() async throws -> (Repository, RepositoryReader) {
        let repository = try await repository(creating: false)
        if let currentReader { return (repository, currentReader) }
        let reader = try await repository.makeReader()
        currentReader = reader
        return (repository, reader)
    }

    /// Ends a writer that has failed; the next volume gets a new one.
    func discardWriter() async {
        await history.take()?.close()
        await currentWriter.take()?.discard()
    }

    func close() async {
        await discardWriter()
        await currentReader.take()?.close()
    }
}
