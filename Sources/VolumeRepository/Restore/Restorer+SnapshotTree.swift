extension Restorer {
    /// A restore of a snapshot's tree.
    public init(
        _ tree: SnapshotTree, options: RestoreOptions = RestoreOptions(),
        onFailure: @escaping @Sendable (RestoreFailure) -> Void = { _ in }
    ) {
        self.init(chunks: tree.chunks, from: tree.source, options: options, onFailure: onFailure)
    }
}
