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
    /// Waits at the end until everything is on the disk; only tests have no use for it.
    var synchronizes = true

    /// Everything; what is not in the snapshot stays.
    public init() {}

    /// What removes a directory that is in the way of something else; nil where it may not go.
    func removal(_ log: RestoreLog) -> TreeRemoval? { extra == .delete ? TreeRemoval(log: log) : nil }
}
