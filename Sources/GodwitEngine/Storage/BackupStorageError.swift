public import GodwitModel

/// Why a stored backup or restore could not be found, read or written.
public struct BackupStorageError: AdvisedError, Hashable {
    /// The classes of failure that callers treat differently.
    public enum Kind: Sendable, Hashable {
        /// There is no backup or restore of that name.
        case notFound
        /// The name is taken.
        case nameTaken
        /// The name cannot be one.
        case invalidName
        /// A file of the backup is missing, truncated, or not what its checksum says.
        case damaged
        /// A file of the backup was written by something newer, or is not understood.
        case unsupported
        /// The backup, or the record of the restore, is still being written, or its writer died.
        case incomplete
        /// Under the name is what an unfinished run left and the store does not let go.
        case protectedLeftovers
    }

    /// The class of failure.
    public let kind: Kind
    /// What it is about: `backup 'nightly'`, `item secrets/shop/db of backup 'nightly'`.
    public let subject: String
    /// The store in words.
    public let store: String
    /// The details.
    public let reason: String?

    /// Describes a failure.
    public init(_ kind: Kind, subject: String, store: String, reason: String? = nil) {
        self.kind = kind
        self.subject = subject
        self.store = store
        self.reason = reason
    }

    /// What failed, and on what.
    public var summary: String {
        let what: String =
            switch kind {
            case .notFound: "does not exist"
            case .nameTaken: "exists already"
            case .invalidName: "is not a legal name"
            case .damaged: "is damaged"
            case .unsupported: "is of a format that this version does not understand"
            case .incomplete: "is not complete"
            case .protectedLeftovers: "cannot be written beside files that the storage protects"
            }
        return "\(subject) \(what) (\(store))"
    }

    /// What to do next.
    public var advice: String? {
        switch kind {
        case .notFound: "list what there is with 'godwit backup get'"
        case .nameTaken: "choose another name, or delete the old one first"
        case .invalidName: "use lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit"
        case .damaged: "run 'godwit backup verify' to see what is affected; the rest can still be restored"
        case .unsupported: "use a newer version of godwit"
        case .protectedLeftovers:
            "choose another name; the old files can be deleted when their retention or their hold has ended"
        case .incomplete: "wait for it to end; if its process is gone, delete it"
        }
    }
}
