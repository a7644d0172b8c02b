import Foundation

/// The volume's snapshot before this one: what need not be read again.
public struct PreviousSnapshot {
    var tree: PreviousTree
    /// Changes from this moment on may have come after the reading without a newer time: clocks of file systems tick
    /// every few milliseconds, some once a second.
    let changesAreTrustedBefore: Date

    private let chunks: [ChunkID]
    private let source: any ChunkReading

    /// How coarse a file system's clock is taken to be.
    static let tick: TimeInterval = 1

    /// A snapshot whose tree is read in step with the new walk.
    public init(_ snapshot: Snapshot, from source: any ChunkReading) {
        chunks = snapshot.tree
        self.source = source
        tree = PreviousTree(TreeReader(chunks: chunks, from: source))
        changesAreTrustedBefore = snapshot.started.addingTimeInterval(-Self.tick)
    }

    /// Reads the tree once more, for what is in it under other paths.
    func contents() async throws -> KnownContents { try await KnownContents(TreeReader(chunks: chunks, from: source)) }

    /// Whether an entry looks like one that the snapshot has elsewhere: it is new where it stands, and its content is
    /// older than the snapshot.
    func mayHave(_ item: WalkItem, elsewhereThan entry: TreeEntry?) -> Bool {
        item.kind == .file && item.hardLink == nil && (1...BundlePolicy.largestMember).contains(item.status.size)
            && entry?.inode != item.status.inode && item.status.modified.isBefore(changesAreTrustedBefore)
    }
}

extension TreeEntry.Time {
    /// Whether it is before a date.
    func isBefore(_ date: Date) -> Bool {
        Double(seconds) + Double(nanoseconds) * 1e-9 < date.timeIntervalSince1970
    }
}
