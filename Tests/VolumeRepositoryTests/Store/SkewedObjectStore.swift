import Foundation
import GodwitPluginAPI
import GodwitTestKit

/// A store whose clock goes differently from this machine's.
struct SkewedObjectStore: ObjectStore {
    private let inner = MemoryObjectStore()
    private let ahead: TimeInterval

    /// - Parameter ahead: by so many seconds; negative when the store is behind.
    init(ahead: TimeInterval) { self.ahead = ahead }

    var capabilities: ObjectStoreCapabilities { inner.capabilities }
    var description: String { inner.description }

    @discardableResult
    func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        skewed(try await inner.put(key, body, options: options))
    }

    func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        let reader = try await inner.get(key, range: range)
        return ObjectReader(info: skewed(reader.info), body: reader.body)
    }

    func stat(_ key: String) async throws -> ObjectInfo? { try await inner.stat(key).map(skewed) }

    func list(_ request: ListRequest) async throws -> ListPage {
        let page = try await inner.list(request)
        return ListPage(
            objects: page.objects.map(skewed), commonPrefixes: page.commonPrefixes, continuation: page.continuation)
    }

    func delete(_ keys: [String]) async throws { try await inner.delete(keys) }

    func discardUnfinishedPuts(below prefix: String) async throws {
        try await inner.discardUnfinishedPuts(below: prefix)
    }

    func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try await inner.signedURL(for: key, expiresIn: lifetime)
    }

    private func skewed(_ info: ObjectInfo) -> ObjectInfo {
        ObjectInfo(
            key: info.key, size: info.size, modified: info.modified?.addingTimeInterval(ahead), etag: info.etag,
            isLocked: info.isLocked)
    }
}
