import CloudStorage
public import Foundation
public import GodwitPluginAPI
public import HTTPTransport
import Streams

/// An object store in a container of Azure Blob Storage, or of a server that speaks its protocol.
///
/// Semantics beyond ``ObjectStore``:
///
/// - A stream of up to one block (8 MiB) becomes a Put Blob; a longer one is staged in blocks, several at once, and
///   appears with its block list. Blocks are retried here because a caller cannot replay a stream.
/// - What a failed or killed upload has staged is in no listing, and Azure discards it after a week. Nothing discards it
///   earlier without making the blob appear for a moment, so only ``discardUnfinishedPuts(below:)`` does that.
/// - ``PutOptions/ifAbsent`` is `If-None-Match: *`, atomic for both.
/// - A deleted blob is gone with its snapshots. Where soft delete is on, Azure keeps it for its days; no method here
///   sees it.
/// - Keys that Azure would change or refuse are refused: see ``BlobName``.
public final class AzureObjectStore: ObjectStore {
    let connection: AzureConnection
    var configuration: AzureConfiguration { connection.configuration }

    /// A store, with the credentials of the location or those of the environment.
    ///
    /// - Parameters:
    ///   - environment: the process's environment.
    ///   - makeClient: makes the transports: one for the blob service, one for Entra ID and Resource Manager, and one
    ///     without a proxy for addresses of the machine itself.
    /// - Throws: ``SettingError``, ``CredentialsError``, errors of `makeClient`.
    public init(
        _ configuration: AzureConfiguration,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        makeClient: (HTTPConfiguration) throws -> any HTTPClient
    ) throws {
        let variables = try AzureVariables(
            file: configuration.credentialsFile, keyVariable: configuration.keyVariable, environment: environment)
        let place = try AzurePlace(configuration, variables)
        var service = HTTPConfiguration()
        // Where the endpoint is another server's, its authority says nothing of Entra ID, unless that is another's too.
        let isOne = configuration.endpoint == nil || configuration.authority != nil
        service.tls.certificateAuthority = isOne ? configuration.tls.certificateAuthority : nil
        let search = AzureAuthorizationSearch(
            configuration: configuration, variables: variables, environment: environment,
            service: TokenService(try makeClient(service)),
            local: TokenService(
                try makeClient(.ofThisMachine),
                timeouts: HTTPTimeouts(connect: .seconds(2), idle: .seconds(20), total: .seconds(30))),
            account: place.account, cloud: place.cloud)
        let authorization = try search.find()
        try place.checkSafety(of: authorization)
        connection = AzureConnection(
            configuration, place: place, authorization: authorization, http: try makeClient(configuration.http))
    }

    /// What the service has, as far as the configuration and the credentials allow it.
    public var capabilities: ObjectStoreCapabilities {
        ObjectStoreCapabilities(
            conditionalPut: true, rangedGet: true, objectLock: configuration.immutability != nil,
            signedURLs: connection.canSign)
    }

    /// Container and account.
    public var description: String { connection.description }

    /// Stores a blob; see ``ObjectStore/put(_:_:options:)``.
    @discardableResult
    public func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        try admit(key, "put")
        let options = options.retained(for: configuration.retention)
        switch body {
        case .bytes(let bytes) where bytes.count <= max(configuration.blockSize, 64 << 20):
            return try await putBlob(key, bytes, options, mark: makeMark(options))
        case .bytes(let bytes):
            return try await BlockUpload(store: self, key: key, options: options, isReplayable: true)
                .run(ByteStream(bytes), length: Int64(bytes.count))
        case .stream(let stream, let length):
            return try await BlockUpload(store: self, key: key, options: options, isReplayable: false)
                .run(stream, length: length)
        }
    }

    /// Opens a blob; see ``ObjectStore/get(_:range:)``.
    public func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        try admit(key, "get")
        return try await getBlob(key, range: range)
    }

    /// Looks at a blob; see ``ObjectStore/stat(_:)``.
    public func stat(_ key: String) async throws -> ObjectInfo? {
        try admit(key, "stat")
        return try await headBlob(key, "stat")
    }

    /// Lists blobs; see ``ObjectStore/list(_:)``.
    public func list(_ request: ListRequest) async throws -> ListPage {
        try Task.checkCancellation()
        return try await listBlobs(request)
    }

    /// Deletes blobs with their snapshots; see ``ObjectStore/delete(_:)``.
    public func delete(_ keys: [String]) async throws {
        try Task.checkCancellation()
        try await deleteEach(keys) { key in
            try self.check(key, "delete")
            try await self.deleteBlob(key)
        }
    }

    /// Discards what killed writers have staged below the prefix: each such blob is made, empty, and deleted. Where
    /// the container protects blobs against deletion, or the credentials may not look, it is left to Azure's week.
    public func discardUnfinishedPuts(below prefix: String) async throws {
        try Task.checkCancellation()
        try await discardStagedBlocks(below: prefix)
    }

    /// A URL with a service SAS, or with a user delegation SAS (for seven days at most) where a token authorizes; see
    /// ``ObjectStore/signedURL(for:expiresIn:)``. nil where a SAS is all there is: it would pass on more than to read.
    public func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try check(key, "sign")
        guard lifetime.components.seconds > 0 else {
            throw ObjectStoreError(
                .other(code: "InvalidLifetime"), operation: "sign", key: key, store: description,
                reason: "a signed URL lasts a second at least")
        }
        return try await connection.signedURL(for: key, seconds: lifetime.components.seconds)
    }

    /// What each call about one object begins with.
    private func admit(_ key: String, _ operation: String) throws {
        try check(key, operation)
        try Task.checkCancellation()
    }

    func check(_ key: String, _ operation: String) throws {
        if let flaw = ObjectKey.flaw(of: key) ?? BlobName.flaw(of: key) {
            throw ObjectStoreError(.invalidKey, operation: operation, key: key, store: description, reason: flaw)
        }
    }
}

/// What Azure cannot keep as a blob's name, beyond the rules for keys.
///
/// Source: "Naming and Referencing Containers, Blobs, and Metadata".
public enum BlobName {
    /// Why a key cannot be a blob's name; nil when it can.
    public static func flaw(of key: String) -> String? {
        for scalar in key.unicodeScalars {
            if scalar.properties.generalCategory == .control || scalar.value & 0xFFFE == 0xFFFE {
                return "Azure takes no control characters in a blob's name"
            }
            // Front ends have taken it for a slash.
            if scalar == "\\" { return "Azure may take the backslash for a slash" }
        }
        let components = key.utf8.split(separator: UInt8(ascii: "/"))
        if components.contains(where: { $0.last == UInt8(ascii: ".") }) {
            return "Azure takes no component that ends with a dot"
        }
        if components.count > 254 { return "Azure takes 254 components at most" }
        return nil
    }
}
