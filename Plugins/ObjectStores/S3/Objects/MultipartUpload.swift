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

    let store: S3ObjectStore
    let key: String
    let options: PutOptions

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
            return try await configuration.retry.runRequest {
                try await store.putObject(key, bytes, options, mark: mark)
            }
        case .more(let bytes, let rest): (first, cutter) = (bytes, rest)
        }
        if options.ifAbsent { try await configuration.retry.runRequest { try await store.requireAbsent(key) } }
        let id = try await create()
        do {
            var crc = configuration.hasWholeChecksum ? CRC32C() : nil
            let parts = try await upload(first, &cutter, &sizes, &crc, id)
            try StreamStart.checkLength(
                parts.reduce(0) { $0 + Int64($1.size) }, announced: length, key: key, store: store.description)
            try Task.checkCancellation()
            let info = try await complete(id, parts, checksum: crc?.base64)
            if options.retainUntil != nil || configuration.legalHold {
                try await store.ensureLock(of: key, options)
            }
            return info
        } catch {
            await abort(id)
            throw error
        }
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
        let headers = try await configuration.retry.runRequest { [request] in try await connection.perform(request) }
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
        let answer = try await configuration.retry.runRequest { [request] in try await connection.document(request) }
        guard let id = answer.text("UploadId"), !id.isEmpty else {
            throw connection.error(.unavailable, request, "the answer has no UploadId")
        }
        return id
    }

    /// - Parameter checksum: of the whole object, which the store compares before the object appears; nil for none.
    private func complete(_ id: String, _ parts: [Part], checksum: String?) async throws -> ObjectInfo {
        if options.ifAbsent { try await configuration.retry.runRequest { try await store.requireAbsent(key) } }
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
        return try await configuration.retry.runRequest { [request] in
            do {
                let answer = try await connection.document(request)
                // S3 may answer 200 and only then find that it fails.
                if answer.name == "Error" {
                    throw S3Failure(status: 500, document: answer).error(request, store: store.description)
                }
                return ObjectInfo(
                    key: key, size: size, modified: nil, etag: answer.text("ETag").flatMap(unquoted))
            } catch let error as ObjectStoreError {
                // The answer to an earlier attempt, ours or the transport's, may have been lost on its way.
                if let info = try await found(parts, size: size, after: error) { return info }
                throw error
            }
        }
    }

    /// The object, if it is the one that these parts make.
    private func found(_ parts: [Part], size: Int64, after error: ObjectStoreError) async throws -> ObjectInfo? {
        switch error.kind {
        case .other(code: "NoSuchUpload"), .notFound, .alreadyExists: break
        default: return nil
        }
        guard let info = try await store.headObject(key, "put"), info.size == size,
            let etag = info.etag, etag == Self.etag(of: parts)
        else { return nil }
        return info
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
