/// How a snapshot comes back to a directory.
public struct RestoreOptions: Sendable {
    /// What happens to files in the target that the snapshot does not have.
    public enum Extra: Sendable, Hashable {
        /// They stay.
        case keep
        /// They are removed, in the directories that are restored whole.
        case delete
    }

    /// When a file that is there already is written anew.
    public enum Rewrite: Sendable, Hashable {
        /// When its size or the time of its last change differ.
        case differing
        /// When its content differs, which is read and compared.
        case differingContent
        /// Always.
        case always
    }

    /// What is restored: whatever one of these fits, with all below it; empty for everything.
    public var include: [PathPattern] = []
    /// What happens to files in the target that the snapshot does not have.
    public var extra = Extra.keep
    /// When a file that is there already is written anew.
    public var rewrite = Rewrite.differing
    /// Leaves blocks of zeros unwritten, so that they take no room, also where the original had written them.
    public var makesZerosSparse = false
    /// The files, or groups of small files, that are restored at a time.
    public var parallelism = 8
    /// The chunks that are fetched at a time for one large file.
    public var parallelChunks = 4
    /// Waits at the end until everything is on the disk.
    public var synchronizes = true

    /// Everything; what is not in the snapshot stays.
    public init() {}
}
