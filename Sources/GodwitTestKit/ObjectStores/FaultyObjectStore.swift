import Foundation
public import GodwitPluginAPI
import Streams
import Synchronization

/// A store that fails as it is told, in front of one that works.
///
/// Calls are counted from 0 over all methods. To see how a caller fares when the store fails at every call in turn,
/// run it once to learn ``callCount``, then once for each n with ``Fault/error(_:)`` at n.
public final class FaultyObjectStore: ObjectStore {
    /// What happens to a call.
    public enum Fault: Sendable {
        /// It throws and the inner store is not called.
        case error(ObjectStoreError.Kind)
        /// The inner store is called and its result is lost: the caller sees an error although it took effect.
        case lostAnswer(ObjectStoreError.Kind)
        /// The body that is read, or the one that is stored, breaks after so many bytes.
        case truncatedBody(afterBytes: Int)
        /// The body that is read has a byte changed, and is found out where it ends.
        case damagedBody
        /// The call waits first.
        case delay(Duration)
    }

    private let inner: any ObjectStore
    private let plan: @Sendable (Int, String) -> Fault?
    private let calls = Mutex<[String]>([])

    /// The inner store's.
    public var capabilities: ObjectStoreCapabilities { inner.capabilities }

    /// The inner store's, marked.
    public var description: String { "faulty \(inner.description)" }

    /// A store that asks a plan for the fault of each call, by its number and its method (`put`, `get`, `stat`,
    /// `list`, `delete`, `signedURL`).
    public init(_ inner: any ObjectStore, plan: @escaping @Sendable (_ call: Int, _ method: String) -> Fault?) {
        self.inner = inner
        self.plan = plan
    }

    /// A store that has one fault, at the n-th call.
    public convenience init(_ inner: any ObjectStore, _ fault: Fault, atCall call: Int) {
        self.init(inner) { number, _ in number == call ? fault : nil }
    }

    /// How many calls there were.
    public var callCount: Int { calls.withLock { $0.count } }

    /// The methods and keys of all calls, in the order in which they began: `put a/b`.
    public var callLog: [String] { calls.withLock { $0 } }

    /// Puts, unless it is to fail.
    @discardableResult
    public func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        try await call("put", key) { fault in
            guard case .truncatedBody(let limit)? = fault else {
                return try await inner.put(key, body, options: options)
            }
            let stream =
                switch body {
                case .bytes(let bytes): ByteStream(bytes)
                case .stream(let stream, _): stream
                }
            return try await inner.put(key, .stream(breaking(stream, after: limit, key), length: nil), options: options)
        }
    }

    /// Gets, unless it is to fail.
    public func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        try await call("get", key) { fault in
            let reader = try await inner.get(key, range: range)
            switch fault {
            case .truncatedBody(let limit):
                return ObjectReader(info: reader.info, body: breaking(reader.body, after: limit, key))
            case .damagedBody: return ObjectReader(info: reader.info, body: damaging(reader.body, key))
            default: return reader
            }
        }
    }

    /// Looks up, unless it is to fail.
    public func stat(_ key: String) async throws -> ObjectInfo? {
        try await call("stat", key) { _ in try await inner.stat(key) }
    }

    /// Lists, unless it is to fail.
    public func list(_ request: ListRequest) async throws -> ListPage {
        try await call("list", request.prefix) { _ in try await inner.list(request) }
    }

    /// Deletes, unless it is to fail.
    public func delete(_ keys: [String]) async throws {
        try await call("delete", keys.first ?? "") { _ in try await inner.delete(keys) }
    }

    /// Cleans up, unless it is to fail.
    public func discardUnfinishedPuts(below prefix: String) async throws {
        try await call("discardUnfinishedPuts", prefix) { _ in try await inner.discardUnfinishedPuts(below: prefix) }
    }

    /// Signs, unless it is to fail.
    public func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try await call("signedURL", key) { _ in try await inner.signedURL(for: key, expiresIn: lifetime) }
    }

    private func call<Value>(
        _ method: String, _ key: String, _ body: (Fault?) async throws -> Value
    ) async throws -> Value {
        let number = calls.withLock { calls in
            calls.append("\(method) \(key)")
            return calls.count - 1
        }
        let fault = plan(number, method)
        switch fault {
        case .error(let kind): throw error(kind, method, key)
        case .lostAnswer(let kind):
            _ = try await body(nil)
            throw error(kind, method, key)
        case .delay(let duration):
            try await Task.sleep(for: duration)
            return try await body(nil)
        case .truncatedBody, .damagedBody, nil: return try await body(fault)
        }
    }

    private func breaking(_ stream: ByteStream, after limit: Int, _ key: String) -> ByteStream {
        let rest = Mutex(limit)
        return ByteStream { [self] in
            // Each iterator goes on with the one consumption.
            var pieces = stream.makeAsyncIterator()
            guard let piece = try await pieces.next() else { return nil }
            let left = rest.withLock { rest in
                defer { rest -= piece.count }
                return rest
            }
            if piece.count <= left { return piece }
            if left > 0 { return Array(piece[..<left]) }
            throw error(.connection, "get", key)
        }
    }

    /// Gives damaged bytes and then, like a store that compares checksums, says so instead of the last piece.
    private func damaging(_ stream: ByteStream, _ key: String) -> ByteStream {
        let held = Mutex<[UInt8]?>(nil)
        return ByteStream { [self] in
            // Each iterator goes on with the one consumption.
            var pieces = stream.makeAsyncIterator()
            if held.withLock({ $0 }) == nil {
                let first = try await pieces.next()
                held.withLock { $0 = first }
            }
            guard var next = try await pieces.next() else { throw error(.corrupted, "get", key) }
            next[0] ^= 1
            return held.withLock { held in
                defer { held = next }
                return held
            }
        }
    }

    private func error(_ kind: ObjectStoreError.Kind, _ method: String, _ key: String) -> ObjectStoreError {
        ObjectStoreError(kind, operation: method, key: key, store: description, reason: "as the test asked")
    }
}
