/// Which chunks a snapshot's files need, for prune and check.
public enum TreeReferences {
    /// Calls a function with the id of each chunk that the files of a tree refer to, as often as they do, in path order.
    ///
    /// The chunks of the tree itself are not among them.
    /// - Throws: ``TreeError``, or what the source of chunks throws.
    public static func visit(
        chunks: [ChunkID], from source: any ChunkReading, _ visit: (ChunkID) throws -> Void
    ) async throws {
        let reader = TreeReader(chunks: chunks, from: source)
        while let events = try await reader.nextBatch() {
            for event in events { try Self.visit(event, visit) }
        }
    }

    /// Calls a function with the id of each chunk that an event refers to.
    public static func visit(_ event: TreeEvent, _ visit: (ChunkID) throws -> Void) rethrows {
        let extents =
            switch event {
            case .entry(let entry, _): entry.extents
            case .extents(let extents, _): extents
            }
        for case .chunk(let id, _, _) in extents { try visit(id) }
    }
}
