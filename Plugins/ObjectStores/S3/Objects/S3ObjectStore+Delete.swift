import CloudStorage
import Crypto
import GodwitPluginAPI
import HTTPTransport

extension S3ObjectStore {
    /// Keys of one request at most, by S3's definition.
    private static let batchSize = 1000

    func deleteObjects(_ keys: [String]) async throws {
        var first: (any Error)?
        var batch: [String] = []
        for key in keys {
            do {
                try check(key, "delete")
            } catch {
                first = first ?? error
                continue
            }
            if Self.canStandInXML(key), keys.count > 1 {
                batch.append(key)
            } else {
                first = try await firstFailure(first) { try await deleteObject(key) }
            }
            if batch.count == Self.batchSize {
                first = try await firstFailure(first) { try await deleteBatch(batch) }
                batch = []
            }
        }
        if !batch.isEmpty { first = try await firstFailure(first) { try await deleteBatch(batch) } }
        if let first { throw first }
    }

    /// XML 1.0 has no way to write other control characters, not even as references.
    private static func canStandInXML(_ key: String) -> Bool {
        key.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF || scalar == "\n"
                || scalar == "\t" || scalar == "\r"
        }
    }

    /// Goes on after failures, but not after cancellation.
    private func firstFailure(_ first: (any Error)?, _ body: () async throws -> Void) async throws -> (any Error)? {
        do {
            try await body()
            return first
        } catch let error as ObjectStoreError {
            return first ?? error
        }
    }

    private func deleteObject(_ key: String) async throws {
        do {
            _ = try await connection.perform(StoreRequest("DELETE", "delete", key: key))
        } catch let error as ObjectStoreError where error.kind == .notFound {
            // Some servers say so; it counts as deleted.
        }
    }

    private func deleteBatch(_ keys: [String]) async throws {
        let objects = keys.map { "<Object><Key>\(XMLElement.escape($0))</Key></Object>" }.joined()
        let text = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>\(objects)</Delete>"
        let body = Array(text.utf8)
        var request = StoreRequest("POST", "delete", subject: keys.first)
        request.query = [("delete", "")]
        request.headers["Content-Type"] = "application/xml"
        request.headers["Content-MD5"] = base64(Insecure.MD5.hash(data: body))
        request.body = body
        let answer = try await connection.document(request, limit: 4 << 20)
        if answer.name == "Error" { throw S3Failure(status: 500, document: answer).error(request, store: description) }
        // Somebody's page in XHTML holds no errors.
        guard answer.name == "DeleteResult" else {
            throw connection.error(
                .unavailable, request, "the answer is no result of S3; is there an S3 server at the endpoint?")
        }
        // The first in the order of the keys, not of the answer.
        let errors = answer.all("Error").filter { $0.text("Code") != "NoSuchKey" }
        guard !errors.isEmpty else { return }
        let failed = keys.first { key in errors.contains { Array(($0.text("Key") ?? "").utf8) == Array(key.utf8) } }
        request.subject = failed ?? errors[0].text("Key")
        let document = errors.first { Array(($0.text("Key") ?? "").utf8) == Array((failed ?? "").utf8) } ?? errors[0]
        throw S3Failure(status: 400, document: document).error(request, store: description)
    }
}
