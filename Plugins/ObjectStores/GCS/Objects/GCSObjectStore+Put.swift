import CloudStorage
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams

extension GCSObjectStore {
    /// Tells the own object of a put that is conditional or protects it from another's. The transport sends a request
    /// again when a kept-alive connection ends before the answer, and a lost answer is retried; if the first one took
    /// effect, the second one finds the key taken or protected, by itself.
    private static let mark = "godwit-put"

    /// The mark of a put; nil for one that may simply be repeated.
    func makeMark(_ options: PutOptions) -> String? {
        options.makeMark(isProtected: configuration.isProtected(options))
    }

    /// The fields of an object that are asked for.
    static let fields =
        "name,size,updated,generation,crc32c,metadata,"
        + "temporaryHold,eventBasedHold,retention,retentionExpirationTime"

    /// Stores bytes by one request.
    ///
    /// - Parameter mark: see ``makeMark(_:)``; the same at each attempt.
    func insert(
        _ key: String, _ bytes: [UInt8], _ options: PutOptions, mark: String?
    ) async throws -> ObjectInfo {
        let checksum = try await Self.checksum(of: bytes)
        let start = UploadStart(configuration, key, options, mark: mark, checksum: checksum)
        let boundary = "godwit-\(UUID().uuidString.lowercased())"
        let type = options.contentType ?? "application/octet-stream"
        var body = Array("--\(boundary)\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".utf8)
        body.reserveCapacity(bytes.count + 2048)
        body += start.metadata.serialized()
        body += Array("\r\n--\(boundary)\r\nContent-Type: \(type)\r\n\r\n".utf8)
        body += bytes
        body += Array("\r\n--\(boundary)--\r\n".utf8)
        var request = StoreRequest("POST", "put", key: key)
        request.query = start.query + [("uploadType", "multipart"), ("fields", Self.fields)]
        request.headers["Content-Type"] = "multipart/related; boundary=\(boundary)"
        request.body = body
        do {
            let document = try await connection.document(request, to: connection.uploadURL(request))
            return try await checked(document, request, checksum: checksum, size: Int64(bytes.count))
        } catch let error as ObjectStoreError where error.kind == .alreadyExists || error.kind == .locked {
            let document = try await ownResource(start, key, or: error)
            return try await checked(document, request, checksum: checksum, size: Int64(bytes.count))
        }
    }

    /// CRC-32C in base64.
    static func checksum(of bytes: [UInt8]) async throws -> String {
        try await CRC32C().updated(with: bytes).base64
    }

    /// The object that a put has made, if what the service has is what was sent. If it is not, it is deleted.
    func checked(
        _ document: JSONValue, _ request: StoreRequest, checksum: String, size: Int64
    ) async throws -> ObjectInfo {
        let info = try info(document, request)
        guard let found = document["crc32c"]?.string else { return try requireSize(info, size, request) }
        guard found == checksum, info.size == size else {
            try await deleteObject(info.key, generation: info.etag)
            throw request.error(
                .corrupted,
                "the service has \(info.size) bytes with CRC-32C \(found), sent were \(size) with \(checksum)",
                store: description)
        }
        return info
    }

    /// The resource that is in the way of a marked put, if an attempt of this put has made it.
    func ownResource(_ start: UploadStart, _ key: String, or error: ObjectStoreError) async throws -> JSONValue {
        guard let mark = start.mark, let document = try await resource(of: key, "put"),
            document["metadata"]?[Self.mark]?.string == mark
        else { throw error }
        return document
    }

    private func requireSize(_ info: ObjectInfo, _ size: Int64, _ request: StoreRequest) throws -> ObjectInfo {
        guard info.size == size else {
            throw request.error(.corrupted, "the service has \(info.size) bytes of \(size)", store: description)
        }
        return info
    }

    /// What a resource says of an object.
    func info(_ document: JSONValue, _ request: StoreRequest) throws -> ObjectInfo {
        guard let name = document["name"]?.string, let size = document["size"]?.string.flatMap(Int64.init), size >= 0,
            let generation = document["generation"]?.string
        else {
            throw request.error(
                .unavailable, "the answer holds an object without name, size or generation", store: description)
        }
        return ObjectInfo(
            key: name, size: size, modified: document["updated"]?.string.flatMap(ServiceDate.parseExtended),
            etag: generation, isLocked: Self.isLocked(document))
    }

    /// Whether a hold keeps an object, or a retention, its own or its bucket's.
    private static func isLocked(_ document: JSONValue) -> Bool {
        let ends = [document["retention"]?["retainUntilTime"], document["retentionExpirationTime"]]
            .compactMap { $0?.string.flatMap(ServiceDate.parseExtended) }
        return document["temporaryHold"]?.bool == true || document["eventBasedHold"]?.bool == true
            || ends.contains { $0 > Date() }
    }

    /// How an upload begins: what the service is told of the object.
    struct UploadStart {
        let query: [(name: String, value: String)]
        let metadata: JSONValue
        /// Tells this put's object from another's; nil for puts that nothing can be in the way of.
        let mark: String?

        /// - Parameter checksum: CRC-32C in base64, where it is known before.
        init(
            _ configuration: GCSConfiguration, _ key: String, _ options: PutOptions, mark: String?, checksum: String?
        ) {
            self.mark = mark
            var query: [(name: String, value: String)] = []
            if options.ifAbsent { query.append(("ifGenerationMatch", "0")) }
            if let key = configuration.kmsKeyName { query.append(("kmsKeyName", key)) }
            self.query = query
            var object: [String: JSONValue] = [
                "name": .string(key), "contentType": .string(options.contentType ?? "application/octet-stream"),
            ]
            if let checksum { object["crc32c"] = .string(checksum) }
            if let mark { object["metadata"] = [GCSObjectStore.mark: .string(mark)] }
            if let storageClass = configuration.storageClass { object["storageClass"] = .string(storageClass) }
            if let until = options.retainUntil {
                // Without a configured mode the bucket has no retention; the service then refuses, which is better
                // than an object that its writer believes to be protected.
                object["retention"] = [
                    "mode": .string((configuration.retention ?? .unlocked).rawValue),
                    "retainUntilTime": .string(ServiceDate.extended(until)),
                ]
            }
            switch configuration.hold(of: options) {
            case .temporary: object["temporaryHold"] = true
            case .eventBased: object["eventBasedHold"] = true
            case nil: break
            }
            metadata = .object(object)
        }
    }
}
