import GodwitModel
import Synchronization
import Tarball

@testable import GodwitEngine

/// A backup in memory.
final class FakeContents: BackupContents {
    let backup: Backup
    let format = BackupFormat.godwit
    let warnings: [String] = []
    private let entries: [IndexEntry]
    private let texts: [ItemIdentity: [UInt8]]
    /// Items whose checksum does not match.
    private let damaged: Set<ItemIdentity>
    /// Called before each batch of items is given.
    private let beforeBatch: @Sendable (_ batch: Int) async throws -> Void
    private let batches = Mutex(0)
    private static let batchSize = 64

    init(
        _ objects: [JSONValue], damaged: Set<String> = [], resources: [APIResource] = FakeResources.builtIn,
        beforeBatch: @escaping @Sendable (Int) async throws -> Void = { _ in }
    ) {
        backup = Backup(name: "nightly", spec: BackupSpec())
        var entries: [IndexEntry] = []
        var texts: [ItemIdentity: [UInt8]] = [:]
        for (index, value) in objects.enumerated() {
            let object = KubernetesObject(value)
            let group = GroupVersion(apiVersion: object.apiVersion).group
            let known = resources.first { $0.kind == object.kind && $0.groupVersion.group == group }
            let identity = ItemIdentity(
                resource: known?.groupResource ?? GroupResource(group: group, resource: object.kind.lowercased() + "s"),
                namespace: object.namespace, name: object.name)
            let text = value.serialized()
            texts[identity] = text
            entries.append(
                IndexEntry(
                    identity: identity, apiVersion: object.apiVersion, kind: object.kind, uid: "",
                    location: ContentLocation(
                        frame: Int64(index / 100), offset: Int64(index), length: Int64(text.count)),
                    sha256: []))
        }
        self.entries = entries
        self.texts = texts
        self.damaged = Set(damaged.map(Fixture.identity))
        self.beforeBatch = beforeBatch
    }

    func forEachEntry(_ body: ([IndexEntry]) async throws -> Void) async throws {
        for start in stride(from: 0, to: entries.count, by: 1000) {
            try await body(Array(entries[start..<min(start + 1000, entries.count)]))
        }
    }

    func items(_ entries: [IndexEntry]) -> StoredItemStream {
        let next = Mutex(0)
        return StoredItemStream { [self] in
            let start = next.withLock { next in
                defer { next += Self.batchSize }
                return next
            }
            guard start < entries.count else { return nil }
            let batch = batches.withLock { batches in
                defer { batches += 1 }
                return batches
            }
            try await beforeBatch(batch)
            return entries[start..<min(start + Self.batchSize, entries.count)].map(stored)
        }
    }

    private func stored(_ entry: IndexEntry) -> StoredItem {
        guard !damaged.contains(entry.identity), let text = texts[entry.identity],
            let metadata = try? ItemMetadata(scanning: text)
        else {
            let error = BackupStorageError(
                .damaged, subject: "item \(entry.identity)", store: "memory", reason: "its checksum does not match")
            return StoredItem(entry: entry, item: .failure(error))
        }
        return StoredItem(
            entry: entry, item: .success(Item(bytes: text, metadata: metadata, resource: entry.identity.resource)))
    }

    func close() async {}
}
