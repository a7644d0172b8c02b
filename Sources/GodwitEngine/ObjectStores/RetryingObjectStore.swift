public import GodwitPluginAPI
public import Streams
import Synchronization

/// Tries again what failed in a passing way.
///
/// - All calls are retried but puts of streams, whose bodies are gone; a store retries the parts of those itself.
/// - A body that is being read and breaks is taken up where it broke, by range, provided that the object is still the
///   same (etag, or else size and time). Progress earns new attempts.
/// - A put with ``PutOptions/ifAbsent``, or of an object that the location protects, whose first answer was lost finds
///   its own object on the second attempt. So an ``ObjectStoreError/Kind/alreadyExists`` or
///   ``ObjectStoreError/Kind/locked`` of a later attempt counts as success when the object holds the same bytes.
///   Two writers of the same bytes cannot be told apart by that: put something of the writer's into a lock.
public struct RetryingObjectStore: ObjectStore {
    private let inner: any ObjectStore
    private let policy: RetryPolicy

    /// A store that retries what another does.
    public init(_ inner: any ObjectStore, policy: RetryPolicy = .standard) {
        self.inner = inner
        self.policy = policy
    }

    /// The inner store's.
    public var capabilities: ObjectStoreCapabilities { inner.capabilities }

    /// The inner store's.
    public var description: String { inner.description }

    /// Puts, again if the body is at hand.
    @discardableResult
    public func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        guard case .bytes(let bytes) = body else { return try await inner.put(key, body, options: options) }
        return try await policy.run(retryDelay: Self.delay) { attempt in
            do {
                return try await inner.put(key, body, options: options)
            } catch let error as ObjectStoreError
                where attempt > 0 && (error.kind == .alreadyExists || error.kind == .locked)
            {
                guard let own = try await object(key, holding: bytes) else { throw error }
                return own
            }
        }
    }

    /// Gets, and goes on where a body breaks.
    public func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        let reader = try await policy.run(retryDelay: Self.delay) { _ in try await inner.get(key, range: range) }
        let wanted = range.map { $0.clamped(to: 0..<reader.info.size) } ?? 0..<reader.info.size
        let body = ResumingBody(reader, of: description, wanted: wanted, policy: policy) { rest in
            // All of it is asked for as before: of a part of an object no store keeps a checksum.
            try await inner.get(key, range: rest == wanted ? range : rest)
        }
        return ObjectReader(info: reader.info, body: ByteStream { try await body.next() })
    }

    /// Looks, again if need be.
    public func stat(_ key: String) async throws -> ObjectInfo? {
        try await policy.run(retryDelay: Self.delay) { _ in try await inner.stat(key) }
    }

    /// Lists, again if need be.
    public func list(_ request: ListRequest) async throws -> ListPage {
        try await policy.run(retryDelay: Self.delay) { _ in try await inner.list(request) }
    }

    /// Deletes, again if need be: deleting twice is deleting once.
    public func delete(_ keys: [String]) async throws {
        try await policy.run(retryDelay: Self.delay) { _ in try await inner.delete(keys) }
    }

    /// Cleans up, again if need be.
    public func discardUnfinishedPuts(below prefix: String) async throws {
        try await policy.run(retryDelay: Self.delay) { _ in try await inner.discardUnfinishedPuts(below: prefix) }
    }

    /// Signs, again if need be: credentials may have to be fetched for it.
    public func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try await policy.run(retryDelay: Self.delay) { _ in
            try await inner.signedURL(for: key, expiresIn: lifetime)
        }
    }

    @Sendable static func delay(_ error: any Error) -> Duration? {
        guard let error = error as? ObjectStoreError, error.isRetryable else { return nil }
        return error.retryAfter ?? .zero
    }

    private func object(_ key: String, holding bytes: [UInt8]) async throws -> ObjectInfo? {
        let reader = try await inner.get(key, range: nil)
        guard reader.info.size == Int64(bytes.count) else { return nil }
        return try await reader.body.collect(upTo: bytes.count) == bytes ? reader.info : nil
    }
}

/// A body that is taken up again where it broke.
private final class ResumingBody: Sendable {
    private struct State {
        var stream: ByteStream?
        /// What has not been read yet.
        var rest: Range<Int64>
        var failures = 0
    }

    private let info: ObjectInfo
    private let wanted: Range<Int64>
    private let store: String
    private let policy: RetryPolicy
    private let reopen: @Sendable (Range<Int64>) async throws -> ObjectReader
    private let state: Mutex<State>

    init(
        _ reader: ObjectReader, of store: String, wanted: Range<Int64>, policy: RetryPolicy,
        reopen: @escaping @Sendable (Range<Int64>) async throws -> ObjectReader
    ) {
        info = reader.info
        self.wanted = wanted
        self.store = store
        self.policy = policy
        self.reopen = reopen
        state = Mutex(State(stream: reader.body, rest: wanted))
    }

    /// One consumer calls this, one call after the other.
    func next() async throws -> [UInt8]? {
        while true {
            do {
                let stream = try await openStream()
                // Each iterator goes on with the one consumption.
                var pieces = stream.makeAsyncIterator()
                let piece = try await pieces.next()
                state.withLock { state in
                    state.failures = 0
                    let read = Int64(piece?.count ?? 0)
                    state.rest = min(state.rest.lowerBound + read, state.rest.upperBound)..<state.rest.upperBound
                }
                return piece
            } catch {
                try await judge(error)
            }
        }
    }

    private func openStream() async throws -> ByteStream {
        let (stream, rest) = state.withLock { ($0.stream, $0.rest) }
        if let stream { return stream }
        guard !rest.isEmpty || rest == wanted else { return ByteStream { nil } }
        let reader = try await reopen(rest)
        let isSame =
            info.etag == nil
            ? reader.info.size == info.size && reader.info.modified == info.modified : reader.info.etag == info.etag
        guard isSame else {
            throw ObjectStoreError(.changed, operation: "get", key: info.key, store: store)
        }
        state.withLock { $0.stream = reader.body }
        return reader.body
    }

    /// Waits before another attempt, or throws when there is none.
    private func judge(_ error: any Error) async throws {
        guard let asked = RetryingObjectStore.delay(error) else { throw error }
        // What has been handed on may be what is damaged: the rest alone would not make it whole.
        if (error as? ObjectStoreError)?.kind == .corrupted, state.withLock({ $0.rest }) != wanted { throw error }
        let failures = state.withLock { state in
            state.stream = nil
            state.failures += 1
            return state.failures
        }
        guard failures < policy.attempts else { throw error }
        try await Task.sleep(for: max(asked, policy.delay(afterAttempt: failures - 1)))
    }
}
