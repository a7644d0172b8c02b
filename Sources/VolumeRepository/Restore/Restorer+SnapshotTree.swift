extension Restorer {
    /// A restore of a snapshot's tree.
    public init(
        _ tree: SnapshotTree, options: RestoreOptions = RestoreOptions(),
        observer: Observer = Observer()
    ) {
        self.init(chunks: tree.chunks, from: tree.source, options: options, observer: observer)
    }
}
