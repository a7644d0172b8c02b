/// What a restore would do with one thing.
public struct VolumeRestoreAction: Sendable, Equatable {
    /// The kinds of action.
    public enum Verb: String, Sendable, CaseIterable {
        /// There is nothing of that name.
        case create
        /// Something else has the name.
        case replace
        /// It is there; owner, mode, times and attributes become the snapshot's where they are not.
        case keep
        /// The snapshot does not have it. What is below a directory goes with it, and is counted, but not named.
        case delete
    }

    /// What would be done.
    public let verb: Verb
    /// Where, below the target.
    public let path: [UInt8]
    /// What the snapshot has there, or what would be deleted; nil for a socket.
    public let kind: TreeEntry.Kind?
    /// The bytes of content that would be written, left or deleted; 0 for a further hard link.
    public let bytes: Int64
}

/// What a restore would do in all.
public struct VolumeRestorePlan: Sendable, Equatable {
    /// What is counted of an action.
    public struct Totals: Sendable, Equatable {
        /// Regular files.
        public internal(set) var files = 0
        /// Directories.
        public internal(set) var directories = 0
        /// Symbolic links, further hard links, fifos, devices, sockets.
        public internal(set) var others = 0
        /// The bytes of the files, holes included.
        public internal(set) var bytes: Int64 = 0
    }

    /// By action.
    private var totals: [VolumeRestoreAction.Verb: Totals] = [:]
    /// What stands in the way, or cannot be looked at.
    public internal(set) var failureCount = 0

    /// What there is of an action.
    public subscript(verb: VolumeRestoreAction.Verb) -> Totals { totals[verb, default: Totals()] }

    mutating func add(_ action: VolumeRestoreAction, isHardLink: Bool = false) {
        switch action.kind {
        case .file where !isHardLink: totals[action.verb, default: Totals()].files += 1
        case .directory: totals[action.verb, default: Totals()].directories += 1
        default: totals[action.verb, default: Totals()].others += 1
        }
        totals[action.verb, default: Totals()].bytes += action.bytes
    }

    mutating func add(_ more: Totals, to verb: VolumeRestoreAction.Verb) {
        totals[verb, default: Totals()].files += more.files
        totals[verb, default: Totals()].directories += more.directories
        totals[verb, default: Totals()].others += more.others
        totals[verb, default: Totals()].bytes += more.bytes
    }
}
