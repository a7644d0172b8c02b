import GodwitModel

/// Something that is wrong with a repository.
public struct RepositoryProblem: Sendable, Hashable {
    /// The object, by its key below the location's prefix, or the chunk.
    public let subject: String
    /// What is wrong with it.
    public let reason: String
    /// The snapshots that cannot be restored completely because of it; empty when it does no harm to any.
    public var snapshots: [SnapshotID] = []

    init(_ subject: String, _ reason: String, snapshots: [SnapshotID] = []) {
        self.subject = subject
        self.reason = reason
        self.snapshots = snapshots
    }

    init(_ error: RepositoryError, snapshots: [SnapshotID] = []) {
        self.init(error.subject, error.description, snapshots: snapshots)
    }
}

/// What a check has found.
public struct CheckReport: Sendable, Hashable {
    /// What is wrong.
    public var problems: [RepositoryProblem] = []
    /// What is there and does no harm: leftovers of killed runs, and objects that nobody knows.
    public var notes: [String] = []
    /// Snapshots that were looked at.
    public var snapshots = 0
    /// Packs that were looked at.
    public var packs = 0
    /// Packs whose content was read.
    public var packsRead = 0
    /// The bytes that were read of them.
    public var bytesRead: Int64 = 0

    /// Whether nothing is wrong.
    public var isClean: Bool { problems.isEmpty }
}
