import CloudStorage
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization

/// One streamed put: a session to which chunks are sent one after the other. Memory is three chunks: the one that is
/// sent, its copy on the way, and the next one. After a break the service says how much it has, and the rest is sent.
///
/// Source: "Resumable uploads", Cloud Storage.
struct ResumableUpload {
    let store: GCSObjectStore
    let key: String
    let options: PutOptions
    /// Whether the caller has the whole body.
    let isReplayable: Bool

    private var retry: RetryPolicy {
        configuration.retry.policy(hasAnswered: connection.bucketIsKnownToExist, isReplayable: isReplayable)
    }
    private var configuration: GCSConfiguration { store.configuration }
    private var connection: GCSConnection { store.connection }

    /// A chunk, and where in the object it begins.
    private struct Chunk: Sendable {
        let bytes: [UInt8]
        let start: Int64
        let isLast: Bool

        var end: Int64 { start + Int64(bytes.count) }
    }

    /// How much of a chunk the service has, over all attempts to send it.
    private final class Position: Sendable {
        private let state: Mutex<(value: Int64, mustBeAsked: Bool)>

        init(_ value: Int64) { state = Mutex((value, false)) }

        var value: Int64 { state.withLock { $0.value } }

        /// Whether an attempt has failed, so that nobody here knows any more.
        var mustBeAsked: Bool {
            get { state.withLock { $0.mustBeAsked } }
            set { state.withLock { $0.mustBeAsked = newValue } }
        }

        func set(_ value: Int64, within chunk: Chunk, store: GCSObjectStore, key: String) throws {
            guard value >= chunk.start, value <= chunk.end else {
                throw ObjectStoreError(
                    .corrupted, operation: "put", key: key, store: store.description,
                    reason: "the service has \(value) bytes where there must be \(chunk.start) to \(chunk.end)")
            }
            state.withLock { $0.value = value }
        }
    }

    /// Stores the stream.
    func run(_ stream: ByteStream, length: Int64?) async throws -> ObjectInfo {
        let first: [UInt8]
        var cutter: PartCutter
        switch try await StreamStart.read(
            stream, length: length, size: configuration.chunkSize, key: key, store: store.description)
        {
        case .whole(let bytes):
            let mark = store.makeMark(options)
            return try await retry.runRequest {
                try await store.insert(key, bytes, options, mark: mark)
            }
        case .more(let bytes, let rest): (first, cutter) = (bytes, rest)
        }
        let start = GCSObjectStore.UploadStart(
            configuration, key, options, mark: store.makeMark(options), checksum: nil)
        let session = try await begin(start)
        do {
            return try await send(first, &cutter, to: session, start, length: length)
        } catch {
            await cancel(session)
            throw error
        }
    }

    private func begin(_ start: GCSObjectStore.UploadStart) async throws -> String {
        var request = StoreRequest("POST", "put", key: key)
        request.query = start.query + [("uploadType", "resumable"), ("fields", GCSObjectStore.fields)]
        request.headers["Content-Type"] = "application/json; charset=UTF-8"
        request.body = start.metadata.serialized()
        let response = try await retry.runRequest { [request] in
            let response = try await connection.send(request, to: connection.uploadURL(request))
            _ = try await request.collect(response.body, limit: 1 << 18, store: store.description)
            return response
        }
        guard let session = response.headers["Location"], let address = ServiceAddress(originOf: session) else {
            throw request.error(.unavailable, "the answer names no upload session", store: store.description)
        }
        // The token, where there is one, goes to this address too.
        guard address.scheme == configuration.address.scheme, address.isSafe || configuration.isAnonymous else {
            throw request.error(
                .unavailable, "the upload session is at \(address.text), where no token is sent to",
                store: store.description)
        }
        return session
    }

    private func send(
        _ first: [UInt8], _ cutter: inout PartCutter, to session: String, _ start: GCSObjectStore.UploadStart,
        length: Int64?
    ) async throws -> ObjectInfo {
        var crc = CRC32C()
        var bytes = first
        var position: Int64 = 0
        while true {
            crc = try await crc.updated(with: bytes)
            // Which chunk is the last one shows only when the next one is there: it is read meanwhile.
            let next = try await nextChunk(&cutter, after: bytes)
            let chunk = Chunk(bytes: bytes, start: position, isLast: next.isEmpty)
            if chunk.isLast {
                try StreamStart.checkLength(chunk.end, announced: length, key: key, store: store.description)
                try Task.checkCancellation()
            }
            if let document = try await send(chunk, to: session, crc.base64, start) {
                guard chunk.isLast else {
                    throw StoreRequest("PUT", "put", key: key).error(
                        .unavailable, "the service ended the upload before its end", store: store.description)
                }
                let request = StoreRequest("PUT", "put", key: key)
                return try await store.checked(document, request, checksum: crc.base64, size: chunk.end)
            }
            position = chunk.end
            bytes = next
        }
    }

    private func nextChunk(_ cutter: inout PartCutter, after bytes: [UInt8]) async throws -> [UInt8] {
        bytes.count < configuration.chunkSize ? [] : try await cutter.next(size: configuration.chunkSize)
    }

    /// Sends a chunk until the service has all of it.
    ///
    /// - Returns: the object, when this was the last chunk.
    private func send(
        _ chunk: Chunk, to session: String, _ checksum: String, _ start: GCSObjectStore.UploadStart
    ) async throws -> JSONValue? {
        let position = Position(chunk.start)
        return try await retry.runRequest {
            // What an attempt before has brought across is not sent again.
            if position.mustBeAsked {
                switch try await ask(session, chunk) {
                case .done(let document): return document
                case .stored(let count): try position.set(count, within: chunk, store: store, key: key)
                }
                if position.value == chunk.end, !chunk.isLast { return nil }
            }
            position.mustBeAsked = true
            return try await sendRest(of: chunk, from: position, to: session, checksum, start)
        }
    }

    private func sendRest(
        of chunk: Chunk, from position: Position, to session: String, _ checksum: String,
        _ start: GCSObjectStore.UploadStart
    ) async throws -> JSONValue? {
        while true {
            let rest = Array(chunk.bytes[Int(position.value - chunk.start)...])
            var request = StoreRequest("PUT", "put", key: key)
            let range = rest.isEmpty ? "*" : "\(position.value)-\(chunk.end - 1)"
            request.headers["Content-Range"] = "bytes \(range)/\(chunk.isLast ? String(chunk.end) : "*")"
            request.headers["Content-Type"] = "application/octet-stream"
            // The service compares it before the object appears.
            if chunk.isLast { request.headers["X-Goog-Hash"] = "crc32c=\(checksum)" }
            request.body = rest
            do {
                switch try await progress(request, session) {
                case .done(let document): return document
                case .stored(let count):
                    let before = position.value
                    try position.set(count, within: chunk, store: store, key: key)
                    if position.value == chunk.end, !chunk.isLast { return nil }
                    guard position.value > before else {
                        throw request.error(.unavailable, "the service takes no more bytes", store: store.description)
                    }
                }
            } catch let error as ObjectStoreError where error.kind == .alreadyExists || error.kind == .locked {
                return try await store.ownResource(start, key, or: error)
            }
        }
    }

    /// What the service says of a session.
    private enum Progress: Sendable {
        /// The object is there.
        case done(JSONValue)
        /// So many bytes are.
        case stored(Int64)
    }

    private func ask(_ session: String, _ chunk: Chunk) async throws -> Progress {
        var request = StoreRequest("PUT", "put", key: key)
        request.headers["Content-Range"] = "bytes */\(chunk.isLast ? String(chunk.end) : "*")"
        request.body = []
        return try await progress(request, session)
    }

    private func progress(_ request: StoreRequest, _ session: String) async throws -> Progress {
        let response: HTTPResponse
        do {
            response = try await connection.send(request, to: session, expected: [308])
        } catch let error as ObjectStoreError where error.kind == .notFound || error.kind == .bucketNotFound {
            // A session that has ended is gone (410) or not found, which says nothing about the object.
            throw request.error(
                .other(code: "SessionGone"), error.reason ?? "the upload session is gone", store: store.description)
        }
        guard response.status == 308 else { return .done(try await connection.document(of: response, request)) }
        _ = try await request.collect(response.body, limit: 1 << 18, store: store.description)
        // Range: bytes=0-262143; none while nothing is there.
        guard let range = response.headers["Range"] else { return .stored(0) }
        guard let last = range.split(separator: "-").last.flatMap({ Int64($0) }), last >= 0 else {
            throw request.error(
                .unavailable, "the answer says '\(range)' for a range", store: store.description)
        }
        return .stored(last + 1)
    }

    /// Cancels the upload, in a task that the cancellation of this one does not reach, for ten seconds at most.
    private func cancel(_ session: String) async {
        let store = store
        let key = key
        await Task.detached {
            var request = StoreRequest("DELETE", "put", key: key)
            request.timeouts = HTTPTimeouts(connect: .seconds(5), idle: .seconds(10), total: .seconds(10))
            // What cannot be cancelled now ends by itself after a week.
            _ = try? await store.connection.send(request, to: session, expected: [499, 404, 410])
        }.value
    }
}
