public import AWS
import CloudStorage
public import GodwitPluginAPI
public import HTTPTransport
import Streams

/// An object store in a bucket of S3 or of a server that speaks its protocol.
///
/// Semantics beyond ``ObjectStore``:
///
/// - A stream of up to one part (8 MiB) becomes a single PUT; a longer one a multipart upload, whose parts are retried
///   here because a caller cannot replay a stream. An upload that fails or is cancelled is aborted before the put
///   throws; ``abortStaleUploads(prefix:olderThan:)`` cleans up what a killed process left.
/// - ``PutOptions/ifAbsent`` is always sent as `If-None-Match: *`. Where the configuration does not claim that the
///   server honours it (``S3Configuration/conditionalPut``), existence is checked before as well. Ceph up to 18
///   honours it for single PUTs only: there a put of more than a part is checked, but not atomically.
/// - A key that is in a bucket with versions gets a delete marker when it is deleted.
/// - Reading never mixes versions: one GET, whose length is checked. Who goes on after a break compares the etag.
public final class S3ObjectStore: ObjectStore {
    let connection: S3Connection
    var configuration: S3Configuration { connection.configuration }

    /// A store.
    ///
    /// - Parameter http: made with ``S3Configuration/http``.
    public init(_ configuration: S3Configuration, credentials: any CredentialsProvider, http: any HTTPClient) {
        connection = S3Connection(configuration, credentials: credentials, http: http)
    }

    /// What the configuration claims of the server.
    public var capabilities: ObjectStoreCapabilities {
        ObjectStoreCapabilities(
            conditionalPut: configuration.hasConditionalPut, rangedGet: true,
            objectLock: configuration.objectLock != nil, signedURLs: !configuration.hasCustomerKey)
    }

    /// Bucket and endpoint.
    public var description: String { connection.description }

    /// Stores an object; see ``ObjectStore/put(_:_:options:)``.
    @discardableResult
    public func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        try admit(key, "put")
        let options = options.retained(for: configuration.retention)
        let isCheckedFirst = options.ifAbsent && !configuration.hasConditionalPut
        switch body {
        case .bytes(let bytes) where bytes.count <= configuration.singlePutLimit:
            if isCheckedFirst { try await requireAbsent(key) }
            return try await putObject(key, bytes, options, mark: options.makeMark())
        case .bytes(let bytes):
            return try await MultipartUpload(store: self, key: key, options: options, isReplayable: true)
                .run(ByteStream(bytes), length: Int64(bytes.count))
        case .stream(let stream, let length):
            // Nobody can replay a stream, so what is asked before it is read is repeated here.
            let retry = configuration.retry.policy(
                hasAnswered: connection.bucketIsKnownToExist, isReplayable: false)
            if isCheckedFirst { try await retry.runRequest { try await self.requireAbsent(key) } }
            return try await MultipartUpload(store: self, key: key, options: options, isReplayable: false)
                .run(stream, length: length)
        }
    }

    /// Opens an object; see ``ObjectStore/get(_:range:)``.
    public func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        try admit(key, "get")
        return try await getObject(key, range: range)
    }

    /// Looks at an object; see ``ObjectStore/stat(_:)``.
    public func stat(_ key: String) async throws -> ObjectInfo? {
        try admit(key, "stat")
        return try await headObject(key, "stat")
    }

    /// Lists objects; see ``ObjectStore/list(_:)``.
    public func list(_ request: ListRequest) async throws -> ListPage {
        try Task.checkCancellation()
        return try await listObjects(request)
    }

    /// Aborts all multipart uploads below the prefix. Servers that cannot list uploads, and credentials that may not,
    /// leave them to the bucket's life-cycle rule.
    public func discardUnfinishedPuts(below prefix: String) async throws {
        do {
            try await abortStaleUploads(prefix: prefix, olderThan: .zero)
        } catch let error as ObjectStoreError {
            switch error.kind {
            case .accessDenied, .other, .notFound: return
            default: throw error
            }
        }
    }

    /// Deletes objects, up to 1,000 in a request; see ``ObjectStore/delete(_:)``.
    public func delete(_ keys: [String]) async throws {
        try Task.checkCancellation()
        try await deleteObjects(keys)
    }

    /// A presigned URL, for seven days at most; see ``ObjectStore/signedURL(for:expiresIn:)``. nil with SSE-C, where a
    /// reader needs the key as well.
    public func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try check(key, "sign")
        guard capabilities.signedURLs else { return nil }
        let week: Int64 = 7 * 24 * 60 * 60
        let seconds = lifetime.components.seconds
        guard seconds > 0, seconds <= week else {
            throw ObjectStoreError(
                .other(code: "InvalidLifetime"), operation: "sign", key: key, store: description,
                reason: "a signed URL lasts from a second to seven days")
        }
        return try await connection.presignedURL(for: key, seconds: Int(seconds))
    }

    /// What each call about one object begins with.
    private func admit(_ key: String, _ operation: String) throws {
        try check(key, operation)
        try Task.checkCancellation()
    }

    func check(_ key: String, _ operation: String) throws {
        if let flaw = ObjectKey.flaw(of: key) {
            throw ObjectStoreError(.invalidKey, operation: operation, key: key, store: description, reason: flaw)
        }
    }

    func requireAbsent(_ key: String) async throws {
        if try await headObject(key, "put") != nil {
            throw ObjectStoreError(.alreadyExists, operation: "put", key: key, store: description)
        }
    }
}

extension S3Configuration {
    var hasCustomerKey: Bool {
        if case .customerKey = encryption { true } else { false }
    }

    /// Bytes at hand up to this many are sent in one request, which a caller can replay. S3 takes 5 GiB.
    var singlePutLimit: Int { max(partSize, 64 << 20) }
}
