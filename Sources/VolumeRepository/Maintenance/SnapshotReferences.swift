/// Names the chunks that the tree of a snapshot refers to, by reading the tree.
///
/// The chunks of the tree itself need not be named. It throws what the reader throws, and when the tree is malformed.
public typealias SnapshotReferences =
    @Sendable (_ snapshot: Snapshot, _ reader: any ChunkReading, _ visit: @Sendable (ChunkID) -> Void) async throws ->
    Void

extension TreeReferences {
    /// The references of snapshots as ``VolumeBackup`` writes them.
    public static let ofSnapshots: SnapshotReferences = { snapshot, reader, visit in
        try await TreeReferences.visit(chunks: snapshot.tree, from: reader, visit)
    }
}
