import CloudStorage
public import Foundation
public import GodwitPluginAPI
public import HTTPTransport
import Streams

/// An object store in a bucket of Google Cloud Storage, or of a server that speaks its JSON API.
///
/// Semantics beyond ``ObjectStore``:
///
/// - A stream of up to one chunk (8 MiB) becomes one request; a longer one a resumable upload, which goes on after a
///   break where the service says. Memory: three chunks. An upload that fails or is cancelled
///   is cancelled at the service; what a killed process left there is discarded by the service after a week, and costs
///   nothing.
/// - ``PutOptions/ifAbsent`` is `ifGenerationMatch=0`, atomic for both.
/// - ``ObjectInfo/etag`` is the generation: each write of an object has another one, and all answers name it.
/// - The CRC-32C of what is written is compared by the service and here, and that of what is read here.
/// - Keys that the service refuses are refused: see ``ObjectName``.
public final class GCSObjectStore: ObjectStore {
    let connection: GCSConnection
    var configuration: GCSConfiguration { connection.configuration }

    /// A store, with the credentials of the location or those that Google's libraries would find.
    ///
    /// - Parameters:
    ///   - environment: the process's environment.
    ///   - makeClient: makes the transports: one for the store, one for token services, and one without a proxy for
    ///     the metadata server.
    /// - Throws: ``CredentialsError``, errors of `makeClient`.
    public init(
        _ configuration: GCSConfiguration,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        makeClient: (HTTPConfiguration) throws -> any HTTPClient
    ) throws {
        var tokens = HTTPConfiguration()
        // Where the endpoint is another server's, its authority says nothing of Google's token services.
        tokens.tls.certificateAuthority = configuration.endpoint == nil ? configuration.tls.certificateAuthority : nil
        let service = TokenService(try makeClient(tokens))
        let local = TokenService(
            try makeClient(.ofThisMachine),
            timeouts: HTTPTimeouts(connect: .seconds(3), idle: .seconds(10), total: .seconds(20)))
        let credentials = try GoogleCredentials(
            configuration, environment: environment, service: service, local: local)
        connection = GCSConnection(
            configuration, credentials: credentials, http: try makeClient(configuration.http), service: service)
    }

    /// What the service has, as far as the configuration and the credentials allow it.
    public var capabilities: ObjectStoreCapabilities {
        ObjectStoreCapabilities(
            conditionalPut: true, rangedGet: true, objectLock: configuration.retention != nil,
            signedURLs: connection.canSign)
    }

    /// The bucket, and the server unless it is Google's.
    public var description: String { connection.description }

    /// Stores an object; see ``ObjectStore/put(_:_:options:)``.
    @discardableResult
    public func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        try admit(key, "put")
        let options = options.retained(for: configuration.retainFor)
        switch body {
        case .bytes(let bytes) where bytes.count <= max(configuration.chunkSize, 64 << 20):
            return try await insert(key, bytes, options, mark: makeMark(options))
        case .bytes(let bytes):
            return try await ResumableUpload(store: self, key: key, options: options, isReplayable: true)
                .run(ByteStream(bytes), length: Int64(bytes.count))
        case .stream(let stream, let length):
            return try await ResumableUpload(store: self, key: key, options: options, isReplayable: false)
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
        return try await look(at: key, "stat")
    }

    /// Lists objects; see ``ObjectStore/list(_:)``.
    public func list(_ request: ListRequest) async throws -> ListPage {
        try Task.checkCancellation()
        return try await listObjects(request)
    }

    /// Deletes objects; see ``ObjectStore/delete(_:)``.
    public func delete(_ keys: [String]) async throws {
        try Task.checkCancellation()
        try await deleteEach(keys) { key in
            try self.check(key, "delete")
            try await self.deleteObject(key)
        }
    }

    /// Nothing: unfinished uploads are in no list, cost nothing, and end by themselves after a week.
    public func discardUnfinishedPuts(below prefix: String) async throws {}

    /// A V4 signed URL, for seven days at most, signed with the key at hand or by IAM; see
    /// ``ObjectStore/signedURL(for:expiresIn:)``. nil where nobody could sign.
    public func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try check(key, "sign")
        let seconds = lifetime.components.seconds
        guard seconds > 0, seconds <= 7 * 24 * 60 * 60 else {
            throw ObjectStoreError(
                .other(code: "InvalidLifetime"), operation: "sign", key: key, store: description,
                reason: "a signed URL lasts from a second to seven days")
        }
        return try await connection.signedURL(for: key, seconds: Int(seconds))
    }

    /// What each call about one object begins with.
    private func admit(_ key: String, _ operation: String) throws {
        try check(key, operation)
        try Task.checkCancellation()
    }

    func check(_ key: String, _ operation: String) throws {
        if let flaw = ObjectKey.flaw(of: key) ?? ObjectName.flaw(of: key) {
            throw ObjectStoreError(.invalidKey, operation: operation, key: key, store: description, reason: flaw)
        }
    }
}

/// What Google cannot keep as an object's name, beyond the rules for keys.
///
/// Source: "About Cloud Storage objects", object name requirements.
public enum ObjectName {
    /// Why a key cannot be an object's name; nil when it can.
    public static func flaw(of key: String) -> String? {
        if key.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            return "Google takes no line breaks in an object's name"
        }
        if key.hasPrefix(".well-known/acme-challenge/") {
            return "Google keeps names below .well-known/acme-challenge/ for itself"
        }
        return nil
    }
}
