import CloudStorage
import GodwitPluginAPI

extension S3ObjectStore {
    func listObjects(_ list: ListRequest) async throws -> ListPage {
        var request = StoreRequest("GET", "list", subject: list.prefix)
        request.query = [
            ("list-type", "2"), ("encoding-type", "url"), ("prefix", list.prefix),
            ("max-keys", String(min(max(list.pageSize, 1), 1000))),
        ]
        if let delimiter = list.delimiter, !delimiter.isEmpty { request.query.append(("delimiter", delimiter)) }
        if let continuation = list.continuation { request.query.append(("continuation-token", continuation)) }
        let page = try await connection.document(request, limit: 16 << 20)
        // Somebody's page in XHTML would else be an empty bucket.
        guard page.name == "ListBucketResult" else {
            throw connection.error(
                .unavailable, request, "the answer is no listing of S3; is there an S3 server at the endpoint?")
        }
        let isEncoded = page.text("EncodingType") == "url"
        func decoded(_ text: String?) throws -> String {
            guard let text, let decoded = isEncoded ? PercentEncoding.decodeListed(text) : text, !decoded.isEmpty else {
                throw connection.error(.unavailable, request, "the listing holds a key that cannot be read")
            }
            return decoded
        }
        let objects = try page.all("Contents").map { entry in
            guard let size = entry.text("Size").flatMap(Int64.init), size >= 0 else {
                throw connection.error(.unavailable, request, "the listing holds an object without a size")
            }
            return ObjectInfo(
                key: try decoded(entry.text("Key")), size: size,
                modified: entry.text("LastModified").flatMap(ServiceDate.parseExtended),
                etag: entry.text("ETag").flatMap(unquoted))
        }
        let prefixes = try page.all("CommonPrefixes").map { try decoded($0.text("Prefix")) }
        guard page.text("IsTruncated") == "true" else {
            return ListPage(objects: objects, commonPrefixes: prefixes, continuation: nil)
        }
        guard let next = page.text("NextContinuationToken"), !next.isEmpty, next != list.continuation else {
            throw connection.error(.unavailable, request, "the listing is cut and does not say where to go on")
        }
        return ListPage(objects: objects, commonPrefixes: prefixes, continuation: next)
    }
}
