import CloudStorage
import GodwitModel
import GodwitPluginAPI
import HTTPTransport

extension GCSObjectStore {
    func listObjects(_ list: ListRequest) async throws -> ListPage {
        var request = StoreRequest("GET", "list", subject: list.prefix)
        request.query = [
            ("prefix", list.prefix), ("maxResults", String(min(max(list.pageSize, 1), 1000))),
            ("fields", "kind,items(name,size,updated,generation),prefixes,nextPageToken"),
        ]
        if let delimiter = list.delimiter, !delimiter.isEmpty { request.query.append(("delimiter", delimiter)) }
        if let continuation = list.continuation { request.query.append(("pageToken", continuation)) }
        let page: JSONValue
        do {
            page = try await connection.document(request, limit: 16 << 20)
        } catch let error as ObjectStoreError where error.kind == .notFound {
            throw ObjectStoreError(
                .bucketNotFound, operation: "list", key: list.prefix, store: description, reason: error.reason)
        }
        // Anybody's empty document would else be an empty bucket.
        guard page["kind"]?.string == "storage#objects" else {
            throw request.error(
                .unavailable, "the answer is no listing of Cloud Storage; is there such a service at the endpoint?",
                store: description)
        }
        let objects = try (page["items"]?.array ?? []).map { try info($0, request) }
        let prefixes = (page["prefixes"]?.array ?? []).compactMap(\.string)
        let next = page["nextPageToken"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        guard next == nil || next != list.continuation else {
            throw request.error(.unavailable, "the listing does not go on", store: description)
        }
        return ListPage(objects: objects, commonPrefixes: prefixes, continuation: next)
    }

    /// Deletes an object; one that is not there counts as deleted.
    ///
    /// - Parameter generation: only this one; nil for the one that is there.
    func deleteObject(_ key: String, generation: String? = nil) async throws {
        var request = StoreRequest("DELETE", "delete", key: key)
        if let generation { request.query.append(("ifGenerationMatch", generation)) }
        do {
            let response = try await connection.send(request)
            let body = try await request.collect(response.body, limit: 1 << 18, store: description)
            // A proxy or a captive portal says yes to everything, and shows a page.
            guard body.isEmpty || (try? JSONValue(parsing: body)) != nil else {
                throw request.error(
                    .unavailable, "the answer is not Cloud Storage's; is there such a service at the endpoint?",
                    store: description)
            }
        } catch let error as ObjectStoreError where error.kind == .notFound {
            // It is gone, which is what was wanted, if its bucket is not.
            try await connection.requireBucket("delete")
        }
    }
}
