import GodwitPluginAPI
import Synchronization

/// A store in which something happens right before a call: what another machine does at the worst moment.
final class InterveningObjectStore: ObjectStore {
    typealias Event = @Sendable () async throws -> Void

    private let inner: any ObjectStore
    private let event: Mutex<(isMoment: @Sendable (_ method: String, _ key: String) -> Bool, Event)?>

    /// - Parameters:
    ///   - isMoment: whether it happens before this call; the first one counts.
    ///   - event: what happens.
    init(
        _ inner: any ObjectStore, before isMoment: @escaping @Sendable (_ method: String, _ key: String) -> Bool,
        _ event: @escaping Event
    ) {
        self.inner = inner
        self.event = Mutex((isMoment, event))
    }

    /// Whether it has happened.
    var hasHappened: Bool { event.withLock { $0 == nil } }

    var capabilities: ObjectStoreCapabilities { inner.capabilities }
    var description: String { inner.description }

    @discardableResult
    func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        try await pass("put", key)
        return try await inner.put(key, body, options: options)
    }

    func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        try await pass("get", key)
        return try await inner.get(key, range: range)
    }

    func stat(_ key: String) async throws -> ObjectInfo? {
        try await pass("stat", key)
        return try await inner.stat(key)
    }

    func list(_ request: ListRequest) async throws -> ListPage {
        try await pass("list", request.prefix)
        return try await inner.list(request)
    }

    func delete(_ keys: [String]) async throws {
        try await pass("delete", keys.first ?? "")
        try await inner.delete(keys)
    }

    func discardUnfinishedPuts(below prefix: String) async throws {
        try await inner.discardUnfinishedPuts(below: prefix)
    }

    func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try await inner.signedURL(for: key, expiresIn: lifetime)
    }

    private func pass(_ method: String, _ key: String) async throws {
        let due: Event? = event.withLock { event in
            guard let (isMoment, action) = event, isMoment(method, key) else { return nil }
            event = nil
            return action
        }
        try await due?()
    }
}
