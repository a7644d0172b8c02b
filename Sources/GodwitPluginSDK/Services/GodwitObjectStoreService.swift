import Foundation
import GRPCCore
import GodwitPluginAPI
import PluginProtocol
import Streams
import Synchronization

/// Godwit's own service on top of ``ObjectStore``: one to one.
struct GodwitObjectStoreService: Godwit_V1_ObjectStore.SimpleServiceProtocol {
    let stores: OpenStores

    func capabilities(
        request: Godwit_V1_CapabilitiesRequest, context: ServerContext
    ) async throws -> Godwit_V1_CapabilitiesResponse {
        try await serving(context) {
            let store = try stores.store(request.plugin, bucket: request.bucket).store
            var response = Godwit_V1_CapabilitiesResponse()
            response.conditionalPut = store.capabilities.conditionalPut
            response.rangedGet = store.capabilities.rangedGet
            response.objectLock = store.capabilities.objectLock
            response.signedUrls = store.capabilities.signedURLs
            response.sizesNotListed = !store.capabilities.listedSizes
            response.description_p = store.description
            return response
        }
    }

    func put(
        request: RPCAsyncSequence<Godwit_V1_PutRequest, any Error>, context: ServerContext
    ) async throws -> Godwit_V1_ObjectInfo {
        try await serving(context) {
            let messages = MessageReader(request)
            guard let first = try await messages.next(), first.hasHeader else {
                throw RPCError(code: .invalidArgument, message: "a put that does not begin with its header")
            }
            let header = first.header
            let target = try stores.store(header.plugin, bucket: header.bucket)
            let source = PutMessages(first, messages)
            let body = ByteStream { try await source.next() }
            let options = PutOptions(
                ifAbsent: header.ifAbsent, contentType: header.hasContentType ? header.contentType : nil,
                retainUntil: header.hasRetainUntil ? Date(timeIntervalSince1970: header.retainUntil) : nil,
                isShortLived: header.isShortLived)
            let info = try await target.store.put(
                target.full(header.key), .stream(body, length: header.hasLength ? header.length : nil),
                options: options)
            return info.wire(key: header.key)
        }
    }

    func get(
        request: Godwit_V1_GetRequest, response: RPCWriter<Godwit_V1_GetResponse>, context: ServerContext
    ) async throws {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            guard !request.hasStart || (request.hasEnd && request.start >= 0 && request.start <= request.end) else {
                throw RPCError(code: .invalidArgument, message: "the range is none")
            }
            let reader = try await target.store.get(
                target.full(request.key), range: request.hasStart ? request.start..<request.end : nil)
            var message = Godwit_V1_GetResponse()
            message.info = reader.info.wire(key: request.key)
            try await response.write(message)
            for try await piece in reader.body {
                for start in stride(from: 0, to: piece.count, by: ObjectStoreService.pieceSize) {
                    var message = Godwit_V1_GetResponse()
                    message.data = Data(piece[start..<min(piece.count, start + ObjectStoreService.pieceSize)])
                    try await response.write(message)
                }
            }
        }
    }

    func stat(request: Godwit_V1_StatRequest, context: ServerContext) async throws -> Godwit_V1_StatResponse {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            var response = Godwit_V1_StatResponse()
            if let info = try await target.store.stat(target.full(request.key)) {
                response.info = info.wire(key: request.key)
            }
            return response
        }
    }

    func list(request: Godwit_V1_ListRequest, context: ServerContext) async throws -> Godwit_V1_ListResponse {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            let page = try await target.store.list(
                ListRequest(
                    prefix: target.full(request.prefix), delimiter: request.hasDelimiter ? request.delimiter : nil,
                    continuation: request.hasContinuation ? request.continuation : nil,
                    pageSize: max(1, Int(request.pageSize))))
            var response = Godwit_V1_ListResponse()
            response.objects = page.objects.map { $0.wire(key: target.own($0.key)) }
            response.commonPrefixes = page.commonPrefixes.map(target.own)
            if let continuation = page.continuation { response.continuation = continuation }
            return response
        }
    }

    func delete(request: Godwit_V1_DeleteRequest, context: ServerContext) async throws -> Godwit_V1_DeleteResponse {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            try await target.store.delete(request.keys.map(target.full))
            return Godwit_V1_DeleteResponse()
        }
    }

    func discardUnfinishedPuts(
        request: Godwit_V1_DiscardRequest, context: ServerContext
    ) async throws -> Godwit_V1_DiscardResponse {
        try await serving(context) {
            let target = try stores.store(request.plugin, bucket: request.bucket)
            try await target.store.discardUnfinishedPuts(below: target.full(request.prefix))
            return Godwit_V1_DiscardResponse()
        }
    }
}

/// The content of a put. A stream that ends without its last message was cut off and fails.
private final class PutMessages: Sendable {
    private struct State {
        var pending: Godwit_V1_PutRequest?
        var isOpen = true
    }

    private let state: Mutex<State>
    private let rest: MessageReader<Godwit_V1_PutRequest>

    init(_ first: Godwit_V1_PutRequest, _ rest: MessageReader<Godwit_V1_PutRequest>) {
        state = Mutex(State(pending: first))
        self.rest = rest
    }

    /// The next piece, which may be empty; nil after the last message. For one caller at a time.
    func next() async throws -> [UInt8]? {
        let (pending, isOpen) = state.withLock { ($0.pending.take(), $0.isOpen) }
        guard isOpen else { return nil }
        var next = pending
        if next == nil { next = try await rest.next() }
        guard let message = next else { throw RPCError(code: .aborted, message: "the put was cut off") }
        if message.isLast { state.withLock { $0.isOpen = false } }
        return Array(message.body)
    }
}

extension ObjectInfo {
    fileprivate func wire(key: String) -> Godwit_V1_ObjectInfo {
        var wire = Godwit_V1_ObjectInfo()
        wire.key = key
        wire.size = size
        if let modified { wire.modified = modified.timeIntervalSince1970 }
        if let etag { wire.etag = etag }
        wire.isLocked = isLocked
        return wire
    }
}
