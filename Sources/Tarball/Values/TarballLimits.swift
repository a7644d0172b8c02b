/// What a reader accepts from a tarball that nobody has checked yet.
public struct TarballLimits: Sendable, Hashable {
    /// The largest content of one entry, in bytes; contents are held in memory.
    public var maximumEntrySize: Int
    /// The most uncompressed bytes in all.
    public var maximumTotalSize: Int64
    /// The most entries.
    public var maximumEntries: Int
    /// The most uncompressed bytes for each compressed one, once there are more than ``expansionFloor`` of them.
    ///
    /// Even a tar of nearly equal objects stays below a few hundred.
    public var maximumExpansion: Int
    /// The uncompressed bytes up to which the expansion is not judged.
    public var expansionFloor: Int64
    /// The longest path of an entry, in bytes of UTF-8.
    public var maximumPathLength: Int

    /// Limits; the defaults suit a backup of a large cluster.
    public init(
        maximumEntrySize: Int = 64 << 20, maximumTotalSize: Int64 = 1 << 40, maximumEntries: Int = 50_000_000,
        maximumExpansion: Int = 1000, expansionFloor: Int64 = 64 << 20,
        maximumPathLength: Int = EntryPath.maximumLength
    ) {
        self.maximumEntrySize = maximumEntrySize
        self.maximumTotalSize = maximumTotalSize
        self.maximumEntries = maximumEntries
        self.maximumExpansion = maximumExpansion
        self.expansionFloor = expansionFloor
        self.maximumPathLength = maximumPathLength
    }
}

extension TarballLimits {
    /// Judges how much came out of how little.
    ///
    /// - Throws: ``TarballError/tooLarge(limit:)``, ``TarballError/expandsTooMuch(limit:)``.
    func check(produced: Int64, from consumed: Int64) throws(TarballError) {
        // Frames without content cost input only; they end somewhere too.
        guard produced <= maximumTotalSize, consumed - (1 << 20) <= maximumTotalSize else {
            throw .tooLarge(limit: maximumTotalSize)
        }
        guard produced <= expansionFloor || produced / Int64(max(maximumExpansion, 1)) <= consumed else {
            throw .expandsTooMuch(limit: maximumExpansion)
        }
    }
}
