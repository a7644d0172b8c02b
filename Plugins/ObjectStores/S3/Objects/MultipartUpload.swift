import CloudStorage
import Crypto
import GodwitPluginAPI
import HTTPTransport
import Streams

/// One streamed put.
///
/// Memory is bounded as ``ParallelParts`` says.
struct MultipartUpload {
    /// A part that the store has.
    struct Part: Sendable {
        let number: Int
        let size: Int
        let etag: String
        let checksum: String?
    }

    /// What an upload has made.
    private struct Stored: Sendable {
        let info: ObjectInfo
        /// Its version; nil where the bucket has none.
        let version: String?
    }

    let store: S3ObjectStore
    let key: String
    let options: PutOptions
    /// Whether the caller has the whole body.
    let isReplayable: Bool

    private var retry: RetryPolicy {
        configuration.retry.policy(hasAnswered: connection.bucketIsKnownToExist, isReplayable: isReplayable)
    }
    private var configuration: S3Configuration { store.configuration }
    private var connection: S3Connection { store.connection }

    /// Stores the stream.
    func run(_ stream: ByteStream, length: Int64?) async throws -> ObjectInfo {
        var sizes = PartSizes(base: configuration.partSize, length: length)
        let first: [UInt8]
        var cutter: PartCutter
        switch try await StreamStart.read(
            stream, length: length, size: sizes.next(), key: key, store: store.description)
        {
        case .whole(let bytes):
            let mark = options.makeMark()
            return try await retry.runRequest {
                try await store.putObject(key, bytes, options, mark: mark)
            }
        case .more(let bytes, let rest): (first, cutter) = (bytes, rest)
        }
        if options.ifAbsent { try await retry.runRequest { try await store.requireAbsent(key) } }
        let id = try await create()
        let stored: Stored
        do {
            var crc = configuration.hasWholeChecksum ? CRC32C() : nil
            let parts = try await upload(first, &cutter, &sizes, &crc, id)
            try StreamStart.checkLength(
                parts.reduce(0) { $0 + Int64($1.size) }, announced: length, key: key, store: store.description)
            try Task.checkCancellation()
            stored = try await complete(id, parts, checksum: crc?.base64)
        } catch {
            await abort(id)
            throw error
        }
        guard configuration.isProtected(options) else { return stored.info }
        do {
            try await store.ensureLock(of: key, version: stored.version, options, retry: retry)
        } catch {
            throw await store.withdraw(key, version: stored.version, after: error)
        }
        return stored.info
    }

    private func upload(
        _ first: [UInt8], _ cutter: inout PartCutter, _ sizes: inout PartSizes, _ crc: inout CRC32C?, _ id: String
    ) async throws -> [Part] {
        let parallel = ParallelParts(concurrency: configuration.concurrency, partSize: configuration.partSize)
        var held: [UInt8]? = first
        return try await parallel.send {
            let bytes: [UInt8]
            if let first = held.take() { bytes = first } else { bytes = try await cutter.next(size: sizes.next()) }
            crc = try await crc?.updated(with: bytes)
            return bytes
        } send: { bytes, number in
            try await send(bytes, number, id)
        }
    }

    private func send(_ bytes: [UInt8], _ number: Int, _ id: String) async throws -> Part {
        guard number <= PartSizes.usualLimit else {
            throw ObjectStoreError(
                .other(code: "EntityTooLarge"), operation: "put", key: key, store: store.description,
                reason: "an object has at most \(PartSizes.usualLimit) parts")
        }
        var request = StoreRequest("PUT", "put", key: key)
        request.query = [("partNumber", String(number)), ("uploadId", id)]
        request.headers["Content-Type"] = "application/octet-stream"
        configuration.addCustomerKey(&request.headers)
        let checksum = try await store.addBody(bytes, to: &request)
        let headers = try await retry.runRequest { [request] in try await connection.perform(request) }
        guard let etag = headers["ETag"] else {
            throw connection.error(.unavailable, request, "the answer to part \(number) has no ETag")
        }
        return Part(number: number, size: bytes.count, etag: etag, checksum: checksum)
    }

    private func create() async throws -> String {
        var request = StoreRequest("POST", "put", key: key)
        request.query = [("uploads", "")]
        request.headers = configuration.storageHeaders(options)
        if let names = configuration.checksum.names {
            request.headers["x-amz-checksum-algorithm"] = names.algorithm
            if configuration.hasWholeChecksum { request.headers["x-amz-checksum-type"] = "FULL_OBJECT" }
        }
        request.body = []
        let answer = try await retry.runRequest { [request] in try await connection.document(request) }
        guard let id = answer.text("UploadId"), !id.isEmpty else {
            throw connection.error(.unavailable, request, "the answer has no UploadId")
        }
        return id
    }

    /// - Parameter checksum: of the whole object, which the store compares before the object appears; nil for none.
    private func complete(_ id: String, _ parts: [Part], checksum: String?) async throws -> Stored {
        if options.ifAbsent { try await retry.runRequest { try await store.requireAbsent(key) } }
        var request = StoreRequest("POST", "put", key: key)
        request.query = [("uploadId", id)]
        request.headers["Content-Type"] = "application/xml"
        if options.ifAbsent { request.headers["If-None-Match"] = "*" }
        if let checksum {
            request.headers["x-amz-checksum-crc32c"] = checksum
            request.headers["x-amz-checksum-type"] = "FULL_OBJECT"
        }
        // S3 wants the key again where parts have checksums.
        configuration.addCustomerKey(&request.headers)
        request.body = Array(completion(parts).utf8)
        request.timeouts = HTTPTimeouts(idle: configuration.completionTimeout)
        let size = parts.reduce(0) { $0 + Int64($1.size) }
        return try await retry.runRequest { [request] in
            do {
                let response = try await connection.send(request)
                let answer = try await connection.document(of: response, request)
                // S3 may answer 200 and only then find that it fails.
                if answer.name == "Error" {
                    throw S3Failure(status: 500, document: answer).error(request, store: store.description)
                }
                // The root has another name with some servers (moto), and the AWS SDKs do not look at it.
                guard answer.name == "CompleteMultipartUploadResult" || answer["ETag"] != nil else {
                    throw connection.error(
                        .unavailable, request, "the answer is no result of S3; is there an S3 server at the endpoint?")
                }
                let info = ObjectInfo(
                    key: key, size: size, modified: nil, etag: answer.text("ETag").flatMap(unquoted))
                return Stored(info: info, version: Self.version(response.headers))
            } catch let error as ObjectStoreError {
                // The answer to an earlier attempt, ours or the transport's, may have been lost on its way.
                if let stored = try await found(parts, size: size, after: error) { return stored }
                throw error
            }
        }
    }

    /// The object, if it is the one that these parts make.
    private func found(_ parts: [Part], size: Int64, after error: ObjectStoreError) async throws -> Stored? {
        switch error.kind {
        case .other(code: "NoSuchUpload"), .notFound, .alreadyExists: break
        default: return nil
        }
        guard let headers = try await store.headers(of: key, "put"),
            headers["Content-Length"].flatMap(Int64.init) == size,
            let etag = headers["ETag"].flatMap(unquoted), etag == Self.etag(of: parts)
        else { return nil }
        return Stored(info: ObjectInfo(key: key, size: size, headers: headers), version: Self.version(headers))
    }

    /// The version that an answer names. That of an object without versions is called `null`, and is anybody's.
    private static func version(_ headers: HTTPHeaders) -> String? {
        headers["x-amz-version-id"].flatMap { $0 == "null" ? nil : $0 }
    }

    /// The etag that S3 gives an object of these parts: the MD5 of their MD5s, and their number.
    private static func etag(of parts: [Part]) -> String? {
        var digests: [UInt8] = []
        for part in parts {
            guard let etag = unquoted(part.etag), etag.utf8.count == 32 else { return nil }
            var rest = Substring(etag)
            while !rest.isEmpty {
                guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
                digests.append(byte)
                rest = rest.dropFirst(2)
            }
        }
        return "\(lowercaseHex(Insecure.MD5.hash(data: digests)))-\(parts.count)"
    }

    private func completion(_ parts: [Part]) -> String {
        let rows = parts.map { part in
            var checksum = ""
            if let names = configuration.checksum.names, let value = part.checksum {
                checksum = "<\(names.element)>\(value)</\(names.element)>"
            }
            return "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(XMLElement.escape(part.etag))</ETag>"
                + "\(checksum)</Part>"
        }
        return "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(rows.joined())"
            + "</CompleteMultipartUpload>"
    }

    /// Aborts the upload, in a task that the cancellation of this one does not reach, for half a minute at most.
    private func abort(_ id: String) async {
        let store = store
        let key = key
        await Task.detached {
            // What cannot be aborted now is found by abortStaleUploads.
            try? await store.abortUpload(
                key, id, policy: RetryPolicy(attempts: 3, base: .milliseconds(200), cap: .seconds(1)))
        }.value
    }
}
