import GodwitPluginAPI

/// How much a repository holds.
public struct RepositoryStats: Sendable, Hashable {
    /// Snapshots that can be read.
    public var snapshots = 0
    /// The bytes of all files of all snapshots: what restoring every one of them would write.
    public var snapshotBytes: Int64 = 0
    /// Chunks.
    public var chunks = 0
    /// The bytes of the chunks' content.
    public var contentBytes: Int64 = 0
    /// The bytes of the chunks as they are stored.
    public var storedBytes: Int64 = 0
    /// Packs.
    public var packs = 0
    /// Objects of any kind.
    public var objects = 0
    /// The bytes of all objects.
    public var objectBytes: Int64 = 0

    /// How many times as much the snapshots hold as the chunks do; nil where there is nothing.
    public var deduplication: Double? { contentBytes > 0 ? Double(snapshotBytes) / Double(contentBytes) : nil }
    /// How many times as much the chunks hold as is stored; nil where there is nothing.
    public var compression: Double? { storedBytes > 0 ? Double(contentBytes) / Double(storedBytes) : nil }
}

extension Repository {
    /// Counts what there is.
    public func stats() async throws -> RepositoryStats {
        var stats = RepositoryStats()
        let listing = try await snapshots()
        stats.snapshots = listing.snapshots.count
        stats.snapshotBytes = listing.snapshots.reduce(0) { $0 + $1.snapshot.totals.bytes }
        let index = try await indexObjects.load(avoiding: [], keepingAvoided: true)
        stats.chunks = index.count
        for number in 0..<index.count {
            guard let chunk = index.location(number: number)?.chunk else { continue }
            stats.contentBytes += Int64(chunk.contentLength)
            stats.storedBytes += Int64(chunk.length)
        }
        for object in try await objects.listSized(RepositoryLayout.root) {
            stats.objects += 1
            stats.objectBytes += object.size
            if RepositoryLayout.packID(ofKey: object.key) != nil { stats.packs += 1 }
        }
        return stats
    }
}
