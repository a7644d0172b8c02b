import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol
import Streams
import SwiftProtobuf

/// An object store in a program that serves Godwit's own service, as programs made with GodwitPluginSDK do: nothing is
/// lost on the way.
struct GodwitObjectStore: ObjectStore {
    let description: String
    let capabilities: ObjectStoreCapabilities

    private let link: PluginLink
    private let bucket: String
    private let errors: StoreErrors

    private static let pieceSize = 256 << 10
    /// What is read ahead of the consumer.
    private static let readAhead = 1 << 20
    /// Keys that are deleted in one call.
    private static let keysPerCall = 1000

    init(_ link: PluginLink, bucket: String) async throws {
        self.link = link
        self.bucket = bucket
        let request = Godwit_V1_CapabilitiesRequest.with {
            $0.plugin = link.name
            $0.bucket = bucket
        }
        let answer = try await link.call("say what it can do", timeout: link.limits.answer) { client, options in
            try await Godwit_V1_ObjectStore.Client(wrapping: client).capabilities(request, options: options)
        }
        let own = String(answer.description_p.printable.prefix(200))
        description = own.isEmpty ? "plugin://\(link.name)/\(bucket)" : "\(own) (plugin \(link.name))"
        errors = StoreErrors(store: description, limits: link.limits)
        capabilities = ObjectStoreCapabilities(
            conditionalPut: answer.conditionalPut, rangedGet: answer.rangedGet, objectLock: answer.objectLock,
            signedURLs: answer.signedUrls, listedSizes: !answer.sizesNotListed)
    }

    // MARK: - Put

    @discardableResult
    func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        try errors.check(key, "put")
        let source = PutSource(body, pieceSize: Self.pieceSize)
        do {
            var header = Godwit_V1_PutHeader()
            header.plugin = link.name
            header.bucket = bucket
            header.key = key
            header.ifAbsent = options.ifAbsent
            if let type = options.contentType { header.contentType = type }
            if let date = options.retainUntil { header.retainUntil = date.timeIntervalSince1970 }
            if let length = body.length { header.length = length }
            header.isShortLived = options.isShortLived
            let info = try await send(source, header)
            guard info.size == source.size else {
                throw link.badAnswer("put '\(key)'", "it stored \(info.size) bytes of \(source.size)")
            }
            return try link.info(info, key: key, "put '\(key)'")
        } catch {
            if Task.isCancelled { throw CancellationError() }
            // The body's own error matters more than that the call broke off for it.
            if let failure = source.failure(of: key, in: description) { throw failure }
            throw errors.make(error, "put", key)
        }
    }

    private func send(_ source: PutSource, _ header: Godwit_V1_PutHeader) async throws -> Godwit_V1_ObjectInfo {
        let connection = try await link.connection()
        let call = PluginCall(program: link.program, plugin: link.name, operation: "put '\(header.key)'")
        let watchdog = Watchdog(limit: link.limits.idle)
        return try await watchdog.guardCall {
            try await call.run(on: connection, timeout: .seconds(7 * 86_400)) { client, options in
                let store = Godwit_V1_ObjectStore.Client(wrapping: client)
                return try await store.put(options: options) { writer in
                    var message = Godwit_V1_PutRequest()
                    message.header = header
                    while true {
                        watchdog.rest()
                        let piece = try await source.next()
                        message.body = Data(piece ?? [])
                        message.isLast = piece == nil
                        watchdog.expect()
                        try await writer.write(message)
                        if piece == nil { return }
                        message = Godwit_V1_PutRequest()
                    }
                }
            }
        }
    }

    // MARK: - Get

    func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        try await errors.during("get", key) {
            var request = Godwit_V1_GetRequest()
            request.plugin = link.name
            request.bucket = bucket
            request.key = key
            if let range {
                request.start = range.lowerBound
                request.end = range.upperBound
            }
            let connection = try await link.connection()
            let reading = Reading(limit: Self.readAhead)
            let task = Task { [sent = request] in
                do {
                    try await receive(sent, on: connection, into: reading)
                } catch {
                    let failure = errors.make(error, "get", key)
                    reading.info.settle(.failure(failure))
                    reading.channel.finish(throwing: failure)
                }
            }
            // The stream that is given away ends the call when it is dropped, because nobody takes its pieces then.
            let info: ObjectInfo
            do {
                info = try await reading.info.value().get()
            } catch {
                task.cancel()
                throw error
            }
            let whole = 0..<info.size
            let wanted = range.map { $0.clamped(to: whole) } ?? whole
            return ObjectReader(
                info: info, body: reading.body(of: wanted.count, cancelling: task, error: shortened(key)))
        }
    }

    private func shortened(_ key: String) -> ObjectStoreError {
        ObjectStoreError(
            .connection, operation: "get", key: key, store: description,
            reason: "plugin \(link.name) sent another number of bytes than it said")
    }

    private func receive(
        _ request: Godwit_V1_GetRequest, on connection: PluginConnection, into reading: Reading
    ) async throws {
        let call = PluginCall(program: link.program, plugin: link.name, operation: "get '\(request.key)'")
        let watchdog = Watchdog(limit: link.limits.idle)
        try await watchdog.guardCall {
            try await call.run(on: connection, timeout: .seconds(7 * 86_400)) { client, options in
                let store = Godwit_V1_ObjectStore.Client(wrapping: client)
                try await store.get(request, options: options) { response in
                    var isFirst = true
                    for try await message in response.messages {
                        watchdog.rest()
                        connection.noteAnswer()
                        if isFirst {
                            guard message.hasInfo else {
                                throw link.badAnswer(call.operation, "it does not say what it gives")
                            }
                            let info = try link.info(message.info, key: request.key, call.operation)
                            reading.info.settle(.success(info))
                        }
                        isFirst = false
                        if !message.data.isEmpty { try await reading.channel.send(Array(message.data)) }
                        watchdog.expect()
                    }
                    if isFirst { throw link.badAnswer(call.operation, "it sent nothing") }
                }
            }
            reading.channel.finish()
        }
    }

    // MARK: - Stat, list, delete

    func stat(_ key: String) async throws -> ObjectInfo? {
        try await errors.during("stat", key) {
            let request = Godwit_V1_StatRequest.with {
                $0.plugin = link.name
                $0.bucket = bucket
                $0.key = key
            }
            let answer = try await link.call("look for '\(key)'") { client, options in
                try await Godwit_V1_ObjectStore.Client(wrapping: client).stat(request, options: options)
            }
            return answer.hasInfo ? try link.info(answer.info, key: key, "look for '\(key)'") : nil
        }
    }

    func list(_ request: ListRequest) async throws -> ListPage {
        try await errors.during("list", nil) {
            let message = Godwit_V1_ListRequest.with {
                $0.plugin = link.name
                $0.bucket = bucket
                $0.prefix = request.prefix
                if let delimiter = request.delimiter { $0.delimiter = delimiter }
                if let continuation = request.continuation { $0.continuation = continuation }
                $0.pageSize = Int32(clamping: request.pageSize)
            }
            let answer = try await link.call("list '\(request.prefix)'") { client, options in
                try await Godwit_V1_ObjectStore.Client(wrapping: client).list(message, options: options)
            }
            let keys = answer.objects.map(\.key) + answer.commonPrefixes
            guard keys.allSatisfy({ $0.utf8.starts(with: request.prefix.utf8) }) else {
                throw link.badAnswer("list '\(request.prefix)'", "it lists keys that were not asked for")
            }
            let next = answer.hasContinuation ? answer.continuation : nil
            guard next == nil || next != request.continuation else {
                throw link.badAnswer("list '\(request.prefix)'", "its pages have no end")
            }
            return ListPage(
                objects: try answer.objects.map { try link.info($0, key: $0.key, "list '\(request.prefix)'") },
                commonPrefixes: answer.commonPrefixes, continuation: next)
        }
    }

    func delete(_ keys: [String]) async throws {
        for key in keys { try errors.check(key, "delete") }
        try await errors.during("delete", nil) {
            var first: (any Error)?
            for start in stride(from: 0, to: keys.count, by: Self.keysPerCall) {
                let request = Godwit_V1_DeleteRequest.with {
                    $0.plugin = link.name
                    $0.bucket = bucket
                    $0.keys = Array(keys[start..<min(keys.count, start + Self.keysPerCall)])
                }
                do {
                    _ = try await link.call("delete \(request.keys.count) objects") { client, options in
                        try await Godwit_V1_ObjectStore.Client(wrapping: client).delete(request, options: options)
                    }
                } catch {
                    if error is CancellationError { throw error }
                    first = first ?? error
                }
            }
            if let first { throw first }
        }
    }

    func discardUnfinishedPuts(below prefix: String) async throws {
        try await errors.during("discard", nil) {
            let request = Godwit_V1_DiscardRequest.with {
                $0.plugin = link.name
                $0.bucket = bucket
                $0.prefix = prefix
            }
            _ = try await link.call("discard what was left below '\(prefix)'") { client, options in
                try await Godwit_V1_ObjectStore.Client(wrapping: client).discardUnfinishedPuts(
                    request, options: options)
            }
        }
    }

    func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try await errors.during("sign", key) { try await link.signedURL(bucket: bucket, key: key, lifetime: lifetime) }
    }
}

/// An object on its way out of a call.
private struct Reading: Sendable {
    let info = Settled<Result<ObjectInfo, any Error>>()
    let channel: BoundedChannel<[UInt8]>

    init(limit: Int) { channel = BoundedChannel(limit: limit) { $0.count } }

    /// The pieces, which must be as many bytes as were promised. The call ends when the last reference to the stream goes.
    func body(of count: Int, cancelling task: Task<Void, Never>, error: ObjectStoreError) -> ByteStream {
        let pieces = ByteStream(channel)
        let rest = Cursor(0..<Int64(count))
        let guardian = Cancellation(task)
        return ByteStream {
            var iterator = pieces.makeAsyncIterator()
            let piece = try await iterator.next()
            guardian.keep()
            guard let piece else {
                guard rest.take(upTo: 1).isEmpty else { throw error }
                return nil
            }
            guard rest.take(upTo: piece.count).count == piece.count else { throw error }
            return piece
        }
    }
}

/// Cancels a task when nobody refers to it any more.
private final class Cancellation: Sendable {
    private let task: Task<Void, Never>

    init(_ task: Task<Void, Never>) { self.task = task }

    deinit { task.cancel() }

    /// Refers to it until here.
    func keep() {}
}

extension ObjectBody {
    /// How long it is, where that is known.
    fileprivate var length: Int64? {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .stream(_, let length): length
        }
    }
}

extension PluginLink {
    /// What an answer says of an object, checked.
    fileprivate func info(_ wire: Godwit_V1_ObjectInfo, key: String, _ operation: String) throws -> ObjectInfo {
        guard (0...limits.object).contains(wire.size) else {
            throw badAnswer(operation, "it says that '\(key.printable)' has \(wire.size) bytes")
        }
        return ObjectInfo(
            key: key, size: wire.size,
            modified: wire.hasModified && wire.modified.isFinite ? Date(timeIntervalSince1970: wire.modified) : nil,
            etag: wire.hasEtag ? wire.etag : nil, isLocked: wire.isLocked)
    }
}

extension GodwitObjectStore {
    /// The same store through Velero's service alone, as other hosts use the program.
    var overVelero: VeleroObjectStore { VeleroObjectStore(link, bucket: bucket) }
}
