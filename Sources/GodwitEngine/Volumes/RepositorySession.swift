import VolumeRepository

/// The repository as one run uses it: opened when it is first needed, with one writer and one reader for all volumes.
///
/// The stages of a run call it one after the other.
actor RepositorySession {
    private let open: @Sendable (_ creating: Bool) async throws -> Repository
    private var opened: Repository?
    private var currentWriter: RepositoryWriter?
    private var currentReader: RepositoryReader?

    init(open: @escaping @Sendable (_ creating: Bool) async throws -> Repository) { self.open = open }

    func repository(creating: Bool) async throws -> Repository {
        if let opened { return opened }
        let repository = try await open(creating)
        opened = repository
        return repository
    }

    func writer() async throws -> (Repository, RepositoryWriter) {
        let repository = try await repository(creating: true)
        if let currentWriter { return (repository, currentWriter) }
        let writer = try await repository.makeWriter()
        currentWriter = writer
        return (repository, writer)
    }

    func reader() async throws -> (Repository, RepositoryReader) {
        let repository = try await repository(creating: false)
        if let currentReader { return (repository, currentReader) }
        let reader = try await repository.makeReader()
        currentReader = reader
        return (repository, reader)
    }

    /// Ends a writer that has failed; the next volume gets a new one.
    func discardWriter() async { await currentWriter.take()?.discard() }

    func close() async {
        await currentWriter.take()?.close()
        await currentReader.take()?.close()
    }
}
