/// Work that several tasks wait for. One that is cancelled stops waiting, and the work goes on for the others.
final class SharedTask<Value: Sendable>: Sendable {
    private let outcome = Settled<Result<Value, any Error>>()
    private let task: Task<Void, Never>

    /// Begins the work.
    init(_ body: @escaping @Sendable () async throws -> Value) {
        task = Task { [outcome] in
            do {
                outcome.settle(.success(try await body()))
            } catch {
                outcome.settle(.failure(error))
            }
        }
    }

    /// What came of the work.
    ///
    /// - Throws: what the work throws, and `CancellationError` when the caller is cancelled.
    var value: Value {
        get async throws { try await outcome.value().get() }
    }

    /// Asks the work itself to end.
    func cancel() { task.cancel() }
}
