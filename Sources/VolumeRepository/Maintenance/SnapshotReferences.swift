/// Names the chunks that the tree of a snapshot refers to, by reading the tree.
///
/// The chunks of the tree itself need not be named. It throws what the reader throws, and when the tree is malformed.
public typealias SnapshotReferences =
    @Sendable (_ snapshot: Snapshot, _ reader: any ChunkReading, _ visit: @Sendable (ChunkID) -> Void) async throws ->
    Void
