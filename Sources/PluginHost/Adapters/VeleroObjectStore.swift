import Foundation
import GRPCCore
import GodwitPluginAPI
import PluginProtocol
import Streams
import SwiftProtobuf
import Synchronization

/// An object store in a program that serves Velero's service and no more.
///
/// That service knows neither sizes nor ranges nor conditions. So an object is taken whole and kept here until its size
/// is known, whatever range of it is wanted; its size is found by reading it; and a condition is checked before the
/// put. The capabilities say so.
struct VeleroObjectStore: ObjectStore {
    let description: String
    let capabilities = ObjectStoreCapabilities(
        conditionalPut: false, rangedGet: false, objectLock: false, signedURLs: false, listedSizes: false)

    private let link: PluginLink
    private let bucket: String
    private let errors: StoreErrors
    private let listings = KeptListings()

    /// What is sent in a message; Velero's programs take 4 MiB at most.
    private static let pieceSize = 256 << 10
    private static let parallelDeletes = 8

    init(_ link: PluginLink, bucket: String) {
        self.link = link
        self.bucket = bucket
        description = "plugin://\(link.name)/\(bucket)"
        errors = StoreErrors(store: description, limits: link.limits)
    }

    // MARK: - Put

    @discardableResult
    func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        try await errors.during("put", key) {
            if options.ifAbsent, try await exists(key) {
                throw ObjectStoreError(.alreadyExists, operation: "put", key: key, store: description)
            }
        }
        let source = PutSource(body, pieceSize: Self.pieceSize)
        do {
            let size = try await send(source, as: key)
            return ObjectInfo(key: key, size: size)
        } catch {
            if Task.isCancelled { throw CancellationError() }
            // The body's own error matters more than that the call broke off for it.
            if let failure = source.failure(of: key, in: description) { throw failure }
            throw errors.make(error, "put", key)
        }
    }

    /// How long a put that was cancelled may take to break off in good order.
    private static let patience = Duration.seconds(2)

    /// Sends an object. A call whose task is cancelled ends its stream as if all had been sent, and the program would
    /// store the part that it has. So the call has a task of its own, and a cancelled put breaks the stream off.
    private func send(_ source: PutSource, as key: String) async throws -> Int64 {
        let sending = Task { try await sendUncancelled(source, as: key) }
        return try await withTaskCancellationHandler {
            try await sending.value
        } onCancel: {
            source.abort()
            Task {
                try await Task.sleep(for: Self.patience)
                // The program takes nothing more: then it does not get the stream's end either.
                sending.cancel()
            }
        }
    }

    private func sendUncancelled(_ source: PutSource, as key: String) async throws -> Int64 {
        let connection = try await link.connection()
        let call = PluginCall(program: link.program, plugin: link.name, operation: "put '\(key)'")
        let watchdog = Watchdog(limit: link.limits.idle)
        var header = Generated_PutObjectRequest()
        header.plugin = link.name
        header.bucket = bucket
        header.key = key
        let first = header
        return try await watchdog.guardCall {
            try await call.run(on: connection, timeout: .seconds(7 * 86_400)) { client, options in
                let store = Generated_ObjectStore.Client(wrapping: client)
                _ = try await store.putObject(options: options) { writer in
                    var isFirst = true
                    while true {
                        watchdog.rest()
                        let piece = try await source.next()
                        guard piece != nil || isFirst else { break }
                        var message = first
                        message.body = Data(piece ?? [])
                        watchdog.expect()
                        try await writer.write(message)
                        isFirst = false
                    }
                    watchdog.expect()
                }
            }
            return source.size
        }
    }

    // MARK: - Get

    func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        try await errors.during("get", key) {
            let object: SpooledObject
            do {
                object = try await read(key)
            } catch let refused as RefusedCall where ObjectStoreError.read(refused.status).kind == nil {
                // Most programs for Velero give errors without a code, and no reason to guess from their words.
                if try await !exists(key) {
                    throw ObjectStoreError(.notFound, operation: "get", key: key, store: description)
                }
                throw refused
            }
            let wanted = range ?? 0..<object.size
            guard range == nil || wanted.lowerBound < object.size else {
                throw ObjectStoreError(.invalidRange, operation: "get", key: key, store: description)
            }
            return ObjectReader(
                info: ObjectInfo(key: key, size: object.size),
                body: object.stream(wanted.lowerBound..<min(wanted.upperBound, object.size)))
        }
    }

    private func read(_ key: String) async throws -> SpooledObject {
        try await receive(key, into: SpooledObject.Writer()) { writer, piece in
            try await writer.append(piece)
        }.finish()
    }

    private func size(of key: String) async throws -> Int64 {
        try await receive(key, into: Int64(0)) { $0 += Int64($1.count) }
    }

    /// Reads an object to its end, piece by piece.
    private func receive<Sink: Sendable>(
        _ key: String, into sink: Sink, _ take: @escaping @Sendable (inout Sink, [UInt8]) async throws -> Void
    ) async throws -> Sink {
        let connection = try await link.connection()
        let call = PluginCall(program: link.program, plugin: link.name, operation: "get '\(key)'")
        let watchdog = Watchdog(limit: link.limits.idle)
        let request = Generated_GetObjectRequest.with {
            $0.plugin = link.name
            $0.bucket = bucket
            $0.key = key
        }
        return try await watchdog.guardCall {
            try await call.run(on: connection, timeout: .seconds(7 * 86_400)) { client, options in
                let store = Generated_ObjectStore.Client(wrapping: client)
                return try await store.getObject(request, options: options) { response in
                    var sink = sink
                    var size: Int64 = 0
                    for try await piece in response.messages {
                        watchdog.rest()
                        connection.noteAnswer()
                        size += Int64(piece.data.count)
                        guard size <= link.limits.object else {
                            throw call.failure(
                                .tooMuch("an object of more than \(link.limits.object) bytes"), connection)
                        }
                        if !piece.data.isEmpty { try await take(&sink, Array(piece.data)) }
                        watchdog.expect()
                    }
                    return sink
                }
            }
        }
    }

    // MARK: - Stat, list, delete

    private func exists(_ key: String) async throws -> Bool {
        let request = Generated_ObjectExistsRequest.with {
            $0.plugin = link.name
            $0.bucket = bucket
            $0.key = key
        }
        return try await link.call("look for '\(key)'") { client, options in
            try await Generated_ObjectStore.Client(wrapping: client).objectExists(request, options: options)
        }.exists
    }

    func stat(_ key: String) async throws -> ObjectInfo? {
        try await errors.during("stat", key) {
            guard try await exists(key) else { return nil }
            do {
                return ObjectInfo(key: key, size: try await size(of: key))
            } catch let refused as RefusedCall {
                // It may have been deleted in between.
                if try await !exists(key) { return nil }
                throw refused
            }
        }
    }

    func list(_ request: ListRequest) async throws -> ListPage {
        try await errors.during("list", nil) {
            let resumed = request.continuation.flatMap(Continuation.init)
            let kept = resumed.flatMap { listings[$0.id] }
            let listing =
                if let kept {
                    kept
                } else {
                    KeyListing(
                        try await keys(below: request.prefix), prefix: request.prefix, delimiter: request.delimiter)
                }
            let (objects, prefixes, last) = listing.page(after: resumed?.last, size: request.pageSize) { key in
                ObjectInfo(key: key, size: 0)
            }
            var continuation: Continuation?
            if let last {
                let id = kept == nil ? listings.keep(listing) : resumed?.id
                continuation = id.map { Continuation(id: $0, last: last) }
            } else if let resumed {
                listings.remove(resumed.id)
            }
            return ListPage(objects: objects, commonPrefixes: prefixes, continuation: continuation?.text)
        }
    }

    /// Which listing a page is of, and where it goes on, also when that listing is kept no more.
    private struct Continuation {
        let id: UInt64
        let last: String

        init(id: UInt64, last: String) {
            self.id = id
            self.last = last
        }

        init?(_ text: String) {
            guard let colon = text.firstIndex(of: ":"), let id = UInt64(text[..<colon], radix: 36) else { return nil }
            self.id = id
            last = String(text[text.index(after: colon)...])
        }

        var text: String { "\(String(id, radix: 36)):\(last)" }
    }

    private func keys(below prefix: String) async throws -> [String] {
        let request = Generated_ListObjectsRequest.with {
            $0.plugin = link.name
            $0.bucket = bucket
            $0.prefix = prefix
        }
        return try await link.call("list '\(prefix)'", maximum: link.limits.listing) { client, options in
            try await Generated_ObjectStore.Client(wrapping: client).listObjects(request, options: options)
        }.keys
    }

    func delete(_ keys: [String]) async throws {
        let slots = Slots(Self.parallelDeletes)
        try await withThrowingTaskGroup(of: (Int, (any Error)?).self) { group in
            var first: (index: Int, error: any Error)?
            for (index, key) in keys.enumerated() {
                try await slots.take()
                group.addTask {
                    defer { slots.give() }
                    do {
                        try await delete(key)
                        return (index, nil)
                    } catch {
                        return (index, error)
                    }
                }
            }
            for try await (index, error) in group {
                if let error, index < first?.index ?? .max { first = (index, error) }
            }
            if let first { throw first.error }
        }
    }

    private func delete(_ key: String) async throws {
        try await errors.during("delete", key) {
            let request = Generated_DeleteObjectRequest.with {
                $0.plugin = link.name
                $0.bucket = bucket
                $0.key = key
            }
            do {
                _ = try await link.call("delete '\(key)'") { client, options in
                    try await Generated_ObjectStore.Client(wrapping: client).deleteObject(request, options: options)
                }
            } catch let refused as RefusedCall {
                // To some stores it is an error that there is nothing to delete.
                if try await exists(key) { throw refused }
            }
        }
    }

    /// Velero's protocol has no way to find them.
    func discardUnfinishedPuts(below prefix: String) async throws {}

    func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? {
        try await errors.during("sign", key) {
            try await link.signedURL(bucket: bucket, key: key, lifetime: lifetime)
        }
    }
}

extension PluginLink {
    /// A URL for anyone; nil where the plugin gives none.
    func signedURL(bucket: String, key: String, lifetime: Duration) async throws -> String? {
        let (seconds, attoseconds) = lifetime.components
        let request = Generated_CreateSignedURLRequest.with {
            $0.plugin = name
            $0.bucket = bucket
            $0.key = key
            $0.ttl = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        }
        do {
            let url = try await call("sign a URL for '\(key)'") { client, options in
                try await Generated_ObjectStore.Client(wrapping: client).createSignedURL(request, options: options)
            }.url
            return url.isEmpty ? nil : url
        } catch let error as PluginError {
            if case .unsupported = error.failure { return nil }
            throw error
        }
    }
}
