import Foundation
import GRPCCore
import GodwitPluginAPI
import PluginProtocol
import Streams
import Synchronization

/// The stores that the host has configured.
final class OpenStores: Sendable {
    private struct Opened {
        let store: OpenedObjectStore
        let bucket: String
    }

    private let providers: [String: any ObjectStoreProvider]
    private let opened = Mutex<[String: Opened]>([:])

    init(providers: [String: any ObjectStoreProvider]) { self.providers = providers }

    /// Makes the store of a configuration.
    func open(_ name: String, _ configuration: [String: String]) async throws {
        let provider = try plugin(name, in: providers)
        var parameters = configuration
        let bucket = parameters.removeValue(forKey: "bucket") ?? ""
        // Keys come whole, the location's prefix included.
        parameters.removeValue(forKey: "prefix")
        let location = StorageLocation(
            scheme: provider.schemes.first ?? "plugin", authority: bucket, path: "", parameters: parameters)
        let store = try await provider.open(location)
        opened.withLock { $0[name] = Opened(store: store, bucket: bucket) }
    }

    /// The store that a call is about, and what its keys begin with besides.
    func store(_ name: String, bucket: String) throws -> PrefixedKeys {
        guard let opened = opened.withLock({ $0[name] }) else {
            throw RPCError(code: .failedPrecondition, message: "'\(name)' was not initialised")
        }
        guard bucket == opened.bucket else {
            throw RPCError(
                code: .invalidArgument, message: "'\(name)' was initialised for bucket '\(opened.bucket)'")
        }
        return PrefixedKeys(store: opened.store.store, prefix: opened.store.prefix)
    }
}

/// A store whose provider puts its objects below a prefix.
struct PrefixedKeys: Sendable {
    let store: any ObjectStore
    let prefix: String

    func full(_ key: String) -> String { prefix + key }

    func own(_ key: String) -> String {
        prefix.isEmpty ? key : String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }

    /// All keys, and what is rolled up, below a prefix.
    func all(_ request: ListRequest) async throws -> (keys: [String], prefixes: [String]) {
        var request = request
        request.prefix = full(request.prefix)
        var keys: [String] = []
        var prefixes: [String] = []
        try await store.forEachPage(request) { page in
            keys += page.objects.map { own($0.key) }
            prefixes += page.commonPrefixes.map(own)
        }
        return (keys, prefixes)
    }
}

/// Velero's service on top of ``ObjectStore``.
struct ObjectStoreService: Generated_ObjectStore.SimpleServiceProtocol {
    let stores: OpenStores

    /// Velero's host takes 4 MiB at most.
    static let pieceSize = 1 << 20

    func initialize(request: Generated_ObjectStoreInitRequest, context: ServerContext) async throws -> Generated_Empty {
        try await serving(context) {
            try await stores.open(request.plugin, request.config)
            return Generated_Empty()
        }
    }

    func putObject(
        request: RPCAsyncSequence<Generated_PutObjectRequest, any Error>, context: ServerContext
    ) async throws -> Generated_Empty {
        try await serving(context) {
            let messages = MessageReader(request)
            guard let first = try await messages.next() else {
                throw RPCError(code: .invalidArgument, message: "a put without a message")
            }
            let target = try stores.store(first.plugin, bucket: first.bucket)
            let begun = Once(Array(first.body))
            let body = ByteStream {
                if let piece = begun.take() { return piece }
                return try await messages.next().map { Array($0.body) }
            }
            _ = try await target.store.put(target.full(first.key), .stream(body, length: nil), options: PutOptions())
            return Generated_Empty()
        }
    }

    func objectExists(
        request: Generated_ObjectExistsRequest, context: ServerContext
    ) async throws -> Generated_ObjectExistsResponse {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            var response = Generated_ObjectExistsResponse()
            response.exists = try await target.store.stat(target.full(request.key)) != nil
            return response
        }
    }

    func getObject(
        request: Generated_GetObjectRequest, response: RPCWriter<Generated_Bytes>, context: ServerContext
    ) async throws {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            let reader = try await target.store.get(target.full(request.key), range: nil)
            for try await piece in reader.body {
                for start in stride(from: 0, to: piece.count, by: Self.pieceSize) {
                    var message = Generated_Bytes()
                    message.data = Data(piece[start..<min(piece.count, start + Self.pieceSize)])
                    try await response.write(message)
                }
            }
        }
    }

    func listCommonPrefixes(
        request: Generated_ListCommonPrefixesRequest, context: ServerContext
    ) async throws -> Generated_ListCommonPrefixesResponse {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            var response = Generated_ListCommonPrefixesResponse()
            response.prefixes = try await target.all(
                ListRequest(prefix: request.prefix, delimiter: request.delimiter)
            ).prefixes
            return response
        }
    }

    func listObjects(
        request: Generated_ListObjectsRequest, context: ServerContext
    ) async throws -> Generated_ListObjectsResponse {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            var response = Generated_ListObjectsResponse()
            response.keys = try await target.all(ListRequest(prefix: request.prefix)).keys
            return response
        }
    }

    func deleteObject(request: Generated_DeleteObjectRequest, context: ServerContext) async throws -> Generated_Empty {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            try await target.store.delete([target.full(request.key)])
            return Generated_Empty()
        }
    }

    func createSignedURL(
        request: Generated_CreateSignedURLRequest, context: ServerContext
    ) async throws -> Generated_CreateSignedURLResponse {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            var response = Generated_CreateSignedURLResponse()
            response.url =
                try await target.store.signedURL(
                    for: target.full(request.key), expiresIn: .nanoseconds(request.ttl)) ?? ""
            return response
        }
    }
}

/// The messages of a stream, one after the other. What is read ahead is bounded.
final class MessageReader<Message: Sendable>: Sendable {
    private let channel = BoundedChannel<Message>(limit: 4) { _ in 1 }
    private let pump: Task<Void, Never>

    init(_ messages: RPCAsyncSequence<Message, any Error>) {
        pump = Task { [channel] in
            do {
                for try await message in messages { try await channel.send(message) }
                channel.finish()
            } catch {
                channel.finish(throwing: error)
            }
        }
    }

    deinit {
        pump.cancel()
        channel.abandon()
    }

    func next() async throws -> Message? { try await channel.next() }
}

/// A value that is there once.
final class Once<Value: Sendable>: Sendable {
    private let value: Mutex<Value?>

    init(_ value: Value) { self.value = Mutex(value) }

    func take() -> Value? { value.withLock { $0.take() } }
}
