public import GodwitPluginAPI

/// The part of a store below a prefix, as a store of its own: `a/b` here is `<prefix>/a/b` there.
///
/// Errors name the whole key, which is what one finds in the bucket.
public struct PrefixedObjectStore: ObjectStore {
    private let inner: any ObjectStore
    /// The prefix with a `/` at its end.
    private let prefix: String

    /// The part of a store below a prefix, which is written without `/` at either end.
    ///
    /// - Throws: ``ObjectStoreError/Kind/invalidConfiguration`` when the prefix cannot begin a key.
    public init(_ inner: any ObjectStore, prefix: String) throws {
        if let flaw = ObjectKey.flaw(of: prefix) {
            throw ObjectStoreError(
                .invalidConfiguration, operation: "open", store: inner.description,
                reason: "'\(prefix)' cannot be a prefix: \(flaw)")
        }
        self.inner = inner
        self.prefix = prefix + "/"
    }

    /// The inner store's.
    public var capabilities: ObjectStoreCapabilities { inner.capabilities }

    /// The inner store and the prefix.
    public var description: String { "\(inner.description), below \(prefix)" }

    /// Puts below the prefix.
    @discardableResult
    public func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        stripped(try await inner.put(try full(key, "put"), body, options: options))
    }

    /// Gets from below the prefix.
    public func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        let reader = try await inner.get(try full(key, "get"), range: range)
        return ObjectReader(info: stripped(reader.info), body: reader.body)
    }

    /// Looks below the prefix.
    public func stat(_ key: String) async throws -> ObjectInfo? {
        try await inner.stat(try full(key, "stat")).map(stripped)
    }

    /// Lists below the prefix.
    public func list(_ request: ListRequest) async throws -> ListPage {
        var request = request
        request.prefix = prefix + request.prefix
        let page = try await inner.list(request)
        return ListPage(
            objects: page.objects.map(stripped), commonPrefixes: page.commonPrefixes.map(stripped),
            continuation: page.continuation)
    }

    /// Deletes below the prefix.
    public func delete(_ keys: [String]) async throws {
        var flawed: (any Error)?
        var usable: [String] = []
        for key in keys {
            do {
                usable.append(try full(key, "delete"))
            } catch {
                flawed = flawed ?? error
            }
        }
        try await inner.delete(usable)
        if let flawed { throw flawed }
    }

    /// Cleans up below the prefix.
    public func discardUnfinishedPuts(below prefix: String) async throws {
        try await inner.discardUnfinishedPuts(below: self.prefix + prefix)
    }

    /// Signs below the prefix.
    public func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try await inner.signedURL(for: try full(key, "sign"), expiresIn: lifetime)
    }

    /// Checked before the prefix is put in front, which would make some texts legal that are none.
    private func full(_ key: String, _ operation: String) throws -> String {
        if let flaw = ObjectKey.flaw(of: key) {
            throw ObjectStoreError(.invalidKey, operation: operation, key: key, store: description, reason: flaw)
        }
        return prefix + key
    }

    private func stripped(_ info: ObjectInfo) -> ObjectInfo {
        ObjectInfo(
            key: stripped(info.key), size: info.size, modified: info.modified, etag: info.etag, isLocked: info.isLocked)
    }

    private func stripped(_ key: String) -> String {
        String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }
}
