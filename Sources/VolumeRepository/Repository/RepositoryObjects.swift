import GodwitPluginAPI
import Streams
import Synchronization

/// Reads, lists and writes whole objects of a repository, with bounds.
struct RepositoryObjects: Sendable {
    let store: any ObjectStore

    /// Reads a small object; nil when there is none.
    ///
    /// - Throws: ``RepositoryError/Kind/damaged`` when it is larger than anything honest.
    func read(_ key: String, limit: Int = BlockCodec.maximumDocument) async throws -> [UInt8]? {
        do {
            let reader = try await store.get(key, range: nil)
            guard reader.info.size <= Int64(limit) else { throw tooLarge(key, limit) }
            return try await reader.body.collect(upTo: limit)
        } catch let error as ObjectStoreError where error.kind == .notFound {
            return nil
        } catch is StreamTooLong {
            throw tooLarge(key, limit)
        }
    }

    /// Writes an object whose key says its content, so that another writer of the same key wrote the same.
    ///
    /// - Parameter isShortLived: whether it is going to be removed soon; see ``PutOptions/isShortLived``.
    func writeOnce(_ key: String, _ bytes: [UInt8], isShortLived: Bool = false) async throws {
        do {
            let options = PutOptions(ifAbsent: true, isShortLived: isShortLived)
            try await store.put(key, .bytes(bytes), options: options)
        } catch let error as ObjectStoreError where error.kind == .alreadyExists {
            return
        }
    }

    /// Deletes objects, but for those that the store protects by a retention or a hold.
    ///
    /// - Returns: the keys of the protected ones.
    func delete(_ keys: [String]) async throws -> [String] {
        guard !keys.isEmpty else { return [] }
        do {
            try await store.delete(keys)
            return []
        } catch let error as ObjectStoreError where error.kind == .locked {
            // The store has tried them all and names the first: which others are left is found one by one.
            let protected = Mutex<[String]>([])
            try await keys.forEachConcurrently(limit: 8) { [store] key in
                do {
                    if try await store.stat(key) != nil { try await store.delete([key]) }
                } catch let error as ObjectStoreError where error.kind == .locked {
                    protected.withLock { $0.append(key) }
                }
            }
            return protected.withLock { $0 }
        }
    }

    /// The stored form of a chunk, not checked.
    ///
    /// - Throws: ``RepositoryError/Kind/missing`` when the pack is gone, ``RepositoryError/Kind/damaged`` when it ends
    ///   too early.
    func readStored(_ chunk: PackedChunk, in pack: PackID) async throws -> [UInt8] {
        let key = RepositoryLayout.pack(pack)
        do {
            let reader = try await store.get(key, range: chunk.range)
            let stored = try await reader.body.collect(upTo: Int(chunk.length), expecting: Int(chunk.length))
            guard stored.count == Int(chunk.length) else {
                throw RepositoryError(.damaged, subject: key, reason: "it ends in chunk \(chunk.id)")
            }
            return stored
        } catch let error as ObjectStoreError where error.kind == .notFound {
            throw RepositoryError(.missing, subject: key, reason: "it holds chunk \(chunk.id)")
        } catch let error as ObjectStoreError where error.kind == .invalidRange {
            throw RepositoryError(.damaged, subject: key, reason: "it ends before chunk \(chunk.id)")
        }
    }

    /// All objects below a prefix.
    func list(_ prefix: String) async throws -> [ObjectInfo] {
        var objects: [ObjectInfo] = []
        try await store.forEachPage(ListRequest(prefix: prefix)) { objects.append(contentsOf: $0.objects) }
        return objects
    }

    /// All objects below a prefix with their sizes, which cost a question for each where the store's listings have none.
    func listSized(_ prefix: String) async throws -> [ObjectInfo] {
        let objects = try await list(prefix)
        guard !store.capabilities.listedSizes else { return objects }
        let sized = Mutex<[String: ObjectInfo]>([:])
        try await objects.forEachConcurrently(limit: 8) { [store] object in
            // One that has gone since is not there.
            guard let info = try await store.stat(object.key) else { return }
            sized.withLock { $0[object.key] = info }
        }
        return objects.compactMap { object in sized.withLock { $0[object.key] } }
    }

    private func tooLarge(_ key: String, _ limit: Int) -> RepositoryError {
        RepositoryError(.damaged, subject: key, reason: "it is larger than \(limit) bytes")
    }
}

extension Array where Element: Sendable {
    /// Calls a function with each element, at most `limit` calls at a time; the first error ends it.
    func forEachConcurrently(
        limit: Int, _ body: @escaping @Sendable (Element) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, element) in enumerated() {
                if index >= limit { try await group.next() }
                group.addTask { try await body(element) }
            }
            try await group.waitForAll()
        }
    }
}
