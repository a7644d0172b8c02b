/// Sizes and times that a repository's users rarely change; tests do.
public struct RepositoryTuning: Sendable, Hashable {
    /// The bytes at which a pack is full.
    public var packSize = 16 << 20
    /// Packs that are uploaded at once.
    public var uploads = 2
    /// Packs after which their index is written, so that a killed run's work is found by the next.
    public var packsPerIndex = 16
    /// The zstd level; nil for the repository's own.
    public var compressionLevel: Int?
    /// What making a key of a password costs.
    public var keyDerivation = KeyDerivationCost.standard
    /// How often a lock is refreshed.
    public var lockRefresh: Duration = .seconds(60)
    /// After how long without a refresh a lock counts as a dead run's.
    public var lockStaleAfter: Duration = .seconds(600)

    /// The values for use.
    public static let standard = RepositoryTuning()

    /// The values for use, to be changed.
    public init() {}
}
