import CloudStorage
import Foundation
import GodwitPluginAPI

extension AzureObjectStore {
    func listBlobs(_ list: ListRequest, including: String? = nil) async throws -> ListPage {
        var request = StoreRequest("GET", "list", subject: list.prefix)
        request.query = [
            ("restype", "container"), ("comp", "list"), ("prefix", list.prefix),
            ("maxresults", String(min(max(list.pageSize, 1), 1000))),
        ]
        if let delimiter = list.delimiter, !delimiter.isEmpty { request.query.append(("delimiter", delimiter)) }
        if let continuation = list.continuation { request.query.append(("marker", continuation)) }
        if let including { request.query.append(("include", including)) }
        let page = try await connection.document(request, limit: 16 << 20)
        // Somebody's page in XHTML would else be an empty container.
        guard page.name == "EnumerationResults" else {
            throw request.error(
                .unavailable, "the answer is no listing of Azure; is there a blob service at the endpoint?",
                store: description)
        }
        func name(_ entry: XMLElement) throws -> String {
            let element = entry["Name"]
            guard let text = element?.text, !text.isEmpty,
                let name = element?.isEncoded == true ? text.removingPercentEncoding : text
            else {
                throw request.error(
                    .unavailable, "the listing holds a name that cannot be read", store: description)
            }
            return name
        }
        let entries = page["Blobs"]
        let objects: [ObjectInfo] = try (entries?.all("Blob") ?? []).compactMap { entry in
            let properties = entry["Properties"]
            // Accounts with a hierarchical namespace list directories too.
            if properties?.text("ResourceType") == "directory" { return nil }
            guard let size = properties?.text("Content-Length").flatMap(Int64.init), size >= 0 else {
                throw request.error(.unavailable, "the listing holds a blob without a length", store: description)
            }
            return ObjectInfo(
                key: try name(entry), size: size,
                modified: properties?.text("Last-Modified").flatMap(ServiceDate.parseHTTP),
                etag: properties?.text("Etag").flatMap(unquoted))
        }
        let prefixes = try (entries?.all("BlobPrefix") ?? []).map(name)
        let next = page.text("NextMarker").flatMap { $0.isEmpty ? nil : $0 }
        guard next == nil || next != list.continuation else {
            throw request.error(.unavailable, "the listing does not go on", store: description)
        }
        return ListPage(objects: objects, commonPrefixes: prefixes, continuation: next)
    }
}
