import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization

extension S3ObjectStore {
    /// Looks at an object; nil when there is none.
    func headObject(_ key: String, _ operation: String) async throws -> ObjectInfo? {
        guard let headers = try await headers(of: key, operation) else { return nil }
        guard let size = headers["Content-Length"].flatMap(Int64.init) else {
            let request = S3Request("HEAD", operation, key: key)
            throw connection.error(.unavailable, request, "the answer does not say how long the object is")
        }
        return ObjectInfo(key: key, size: size, headers: headers)
    }

    /// The headers of an object; nil when there is none.
    func headers(of key: String, _ operation: String) async throws -> HTTPHeaders? {
        var request = S3Request("HEAD", operation, key: key)
        configuration.addCustomerKey(&request.headers)
        do {
            return try await connection.send(request).headers
        } catch let error as ObjectStoreError where error.kind == .notFound {
            // Answers to HEAD have no body to tell a missing key from a missing bucket.
            if !connection.bucketIsKnownToExist { try await requireBucket(operation) }
            return nil
        }
    }

    private func requireBucket(_ operation: String) async throws {
        do {
            _ = try await connection.send(S3Request("HEAD", operation))
        } catch let error as ObjectStoreError where error.kind == .notFound {
            throw ObjectStoreError(.bucketNotFound, operation: operation, store: description)
        } catch let error as ObjectStoreError where error.kind == .accessDenied {
            // Who may not list a bucket may still read and write in it.
        }
    }

    func getObject(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        var request = S3Request("GET", "get", key: key)
        configuration.addCustomerKey(&request.headers)
        if let range {
            guard range.lowerBound >= 0 else {
                throw connection.error(.invalidRange, request, "it starts before the object")
            }
            if range.isEmpty { return try await emptyRange(key, at: range.lowerBound, request) }
            request.headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        }
        let response = try await connection.send(request)
        guard response.status == 206 || response.status == 200 else {
            throw connection.error(.unavailable, request, "the answer has status \(response.status)")
        }
        let extent = try extent(of: response, range, request)
        let info = ObjectInfo(key: key, size: extent.total, headers: response.headers)
        let body = CheckedBody(
            response.body, skipping: extent.skipped, expecting: extent.length, request: request,
            connection: connection)
        return ObjectReader(info: info, body: ByteStream { try await body.next() })
    }

    /// HTTP has no empty range, so the object is looked at instead.
    private func emptyRange(_ key: String, at start: Int64, _ request: S3Request) async throws -> ObjectReader {
        guard let info = try await headObject(key, "get") else {
            throw ObjectStoreError(.notFound, operation: "get", key: key, store: description)
        }
        guard start < info.size else {
            throw connection.error(.invalidRange, request, "it has \(info.size) bytes, asked was from \(start) on")
        }
        return ObjectReader(info: info, body: ByteStream { nil })
    }

    /// The size of the whole object, and which bytes of the body are wanted.
    private func extent(
        of response: HTTPResponse, _ range: Range<Int64>?, _ request: S3Request
    ) throws -> (total: Int64, skipped: Int64, length: Int64) {
        let length = response.headers["Content-Length"].flatMap(Int64.init)
        guard response.status == 206, let range else {
            guard let length else {
                throw connection.error(.unavailable, request, "the answer does not say how long the object is")
            }
            guard let range else { return (length, 0, length) }
            // A server without ranges sends everything.
            guard range.lowerBound < length else {
                throw connection.error(.invalidRange, request, "it has \(length) bytes")
            }
            return (length, range.lowerBound, min(range.upperBound, length) - range.lowerBound)
        }
        // Content-Range: bytes 0-99/12345
        let parts = (response.headers["Content-Range"] ?? "").split { " -/".contains($0) }
        guard parts.count == 4, parts[0] == "bytes", let first = Int64(parts[1]), let last = Int64(parts[2]),
            let total = Int64(parts[3]), first == range.lowerBound, last >= first,
            last == min(range.upperBound, total) - 1
        else { throw connection.error(.unavailable, request, "the answer is for another range than asked") }
        return (total, 0, last - first + 1)
    }
}

/// A body that ends exactly where it should, or throws.
private final class CheckedBody: Sendable {
    private let stream: ByteStream
    private let rest: Mutex<(skip: Int64, left: Int64)>
    private let request: S3Request
    private let connection: S3Connection

    init(
        _ stream: ByteStream, skipping skip: Int64, expecting length: Int64, request: S3Request,
        connection: S3Connection
    ) {
        self.stream = stream
        rest = Mutex((skip, length))
        self.request = request
        self.connection = connection
    }

    func next() async throws -> [UInt8]? {
        try Task.checkCancellation()
        let left = rest.withLock { $0.left }
        // Each iterator goes on with the one consumption.
        var pieces = stream.makeAsyncIterator()
        let piece: [UInt8]?
        do {
            piece = try await pieces.next()
        } catch {
            // Once everything has come, how the connection ends is of no interest.
            if left == 0, !(error is CancellationError) { return nil }
            throw connection.translate(error, request)
        }
        guard let piece else {
            if left == 0 { return nil }
            throw connection.error(.connection, request, "the body ended \(left) bytes early")
        }
        return wanted(of: piece)
    }

    private func wanted(of piece: [UInt8]) -> [UInt8]? {
        rest.withLock { rest in
            let skipped = min(rest.skip, Int64(piece.count))
            rest.skip -= skipped
            let taken = min(rest.left, Int64(piece.count) - skipped)
            if rest.left == 0 { return nil }
            rest.left -= taken
            if taken == Int64(piece.count) { return piece }
            return Array(piece[Int(skipped)..<Int(skipped + taken)])
        }
    }
}
