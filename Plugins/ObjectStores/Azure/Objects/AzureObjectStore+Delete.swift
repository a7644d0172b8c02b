import CloudStorage
import GodwitPluginAPI
import HTTPTransport

extension AzureObjectStore {
    /// Deletes a blob and its snapshots; one that is not there counts as deleted.
    func deleteBlob(_ key: String) async throws {
        var request = StoreRequest("DELETE", "delete", key: key)
        // A blob with snapshots could not be deleted else.
        request.headers["x-ms-delete-snapshots"] = "include"
        do {
            try await connection.perform(request)
        } catch let error as ObjectStoreError where error.kind == .notFound {
            // It is gone, which is what was wanted.
        }
    }

    /// Discards blocks below a prefix that belong to no blob.
    ///
    /// Azure has no request for this. A blob that is put over them takes them away, and is then deleted itself; the
    /// condition keeps that from any blob that is there. Its mark tells it later where it could not be deleted.
    func discardStagedBlocks(below prefix: String) async throws {
        guard try await canDeleteAgain() else { return }
        var list = ListRequest(prefix: prefix)
        repeat {
            let page = try await listBlobs(list, including: "uncommittedblobs")
            for blob in page.objects where blob.size == 0 {
                try await configuration.retry.first.runRequest { try await self.discard(blob.key) }
            }
            list.continuation = page.continuation
        } while list.continuation != nil
    }

    /// What the blob is marked with that is made to be deleted.
    private static let placeholderMark = "discard"

    private func discard(_ key: String) async throws {
        let etag: String?
        if let found = try await headers(of: key, "put") {
            // Somebody's empty blob, or a placeholder that is still there.
            guard found[Self.markHeader] == Self.placeholderMark else { return }
            etag = found["ETag"].flatMap(unquoted)
        } else {
            do {
                let options = PutOptions(ifAbsent: true, isShortLived: true)
                etag = try await putBlob(key, [], options, mark: Self.placeholderMark).etag
            } catch let error as ObjectStoreError where error.kind == .alreadyExists {
                return
            }
        }
        var request = StoreRequest("DELETE", "put", key: key)
        request.headers["If-Match"] = etag.map { "\"\($0)\"" }
        do {
            try await connection.perform(request)
        } catch let error as ObjectStoreError where error.kind == .notFound || error.kind == .alreadyExists {
            // Somebody else has taken it away or replaced it.
        }
    }

    /// Whether a blob that is made here could be deleted again. Where that cannot be known, nothing is made.
    private func canDeleteAgain() async throws -> Bool {
        var request = StoreRequest("HEAD", "put")
        request.query = [("restype", "container")]
        do {
            let headers = try await connection.perform(request)
            return ![
                "x-ms-has-immutability-policy", "x-ms-has-legal-hold",
                "x-ms-immutable-storage-with-versioning-enabled",
            ].contains { headers[$0] == "true" }
        } catch let error as ObjectStoreError where error.kind == .accessDenied || error.kind == .unauthenticated {
            return false
        }
    }
}
