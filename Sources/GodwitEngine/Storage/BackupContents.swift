public import GodwitModel

/// A stored backup, opened for reading: the same for every format.
public protocol BackupContents: Sendable {
    /// The backup and what came of it.
    var backup: Backup { get }
    /// The format that it is stored in.
    var format: BackupFormat { get }

    /// What a restore or a copy of the backup cannot bring back, in words.
    var warnings: [String] { get }

    /// Calls `body` with the index, some entries at a time, in the order of the tarball.
    func forEachEntry(_ body: ([IndexEntry]) async throws -> Void) async throws

    /// Reads items by range, several at once, and gives them in the order asked for. Neighbours in the tarball are
    /// fetched together, so ask in tarball order where possible. Each item's checksum is verified.
    ///
    /// An item that is damaged is given as a failure; the rest goes on.
    func items(_ entries: [IndexEntry]) -> StoredItemStream

    /// Frees what reading needed, such as a spool file. Also done when the last reference is gone.
    func close() async
}

/// The formats in which backups are stored.
public enum BackupFormat: String, Sendable, Hashable, CaseIterable {
    /// Godwit's own: `.tar.zst` in frames, with an index.
    case godwit
    /// Velero's: `.tar.gz`.
    case velero
}

/// An item read from a backup, or why it could not be read.
public struct StoredItem: Sendable {
    /// The entry that was asked for.
    public let entry: IndexEntry
    /// The item, checked.
    public let item: Result<Item, BackupStorageError>

    /// A result for an entry.
    public init(entry: IndexEntry, item: Result<Item, BackupStorageError>) {
        self.entry = entry
        self.item = item
    }
}

/// Items read from a backup, in batches, once.
public struct StoredItemStream: AsyncSequence, Sendable {
    /// Some items, in order.
    public typealias Element = [StoredItem]

    private let pull: @Sendable () async throws -> [StoredItem]?

    /// A stream of what a function gives until it gives nil.
    public init(_ pull: @escaping @Sendable () async throws -> [StoredItem]?) { self.pull = pull }

    /// Pulls batches one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async throws -> [StoredItem]?

        /// The next batch, or nil at the end.
        public mutating func next() async throws -> [StoredItem]? { try await pull() }
    }

    /// Begins, or goes on with, the one consumption.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }
}
