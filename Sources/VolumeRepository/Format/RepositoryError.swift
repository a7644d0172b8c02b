public import GodwitModel

/// Why a repository of volume data could not do what it was asked.
public struct RepositoryError: AdvisedError, Hashable {
    /// The classes of failure that callers treat differently.
    public enum Kind: Sendable, Hashable {
        /// There is no repository here.
        case noRepository
        /// There is the data of one, and no configuration.
        case configurationLost
        /// There is one already.
        case exists
        /// It was written by something newer.
        case unsupported
        /// A stored object is not what was written.
        case damaged
        /// A stored object, chunk or snapshot is not there.
        case missing
        /// An abbreviation fits several snapshots.
        case ambiguous
        /// The repository is encrypted and no credentials were given.
        case credentialsNeeded
        /// The credentials open none of the repository's keys.
        case wrongCredentials
        /// Credentials were given for a repository without encryption.
        case notEncrypted
        /// Somebody else works on it in a way that excludes this.
        case locked
        /// The run's own lock is gone or too old, so others may have taken it for dead.
        case lockLost
        /// The last key cannot be removed.
        case lastKey
        /// What the caller asked for cannot be.
        case invalidArgument
        /// The writer was closed, or has failed before.
        case closed
        /// libsodium could not do its work.
        case cryptography
    }

    /// The class of failure.
    public let kind: Kind
    /// What it is about: an object's key below the location's prefix, a chunk, a snapshot.
    public let subject: String
    /// The details.
    public let reason: String?

    /// Describes a failure.
    public init(_ kind: Kind, subject: String, reason: String? = nil) {
        self.kind = kind
        self.subject = subject
        self.reason = reason
    }

    /// What failed, and on what.
    public var summary: String {
        switch kind {
        case .noRepository: "there is no repository in \(subject)"
        case .configurationLost: "the repository in \(subject) has lost its \(RepositoryLayout.configuration)"
        case .exists: "there is a repository in \(subject) already"
        case .unsupported: "\(subject) is of a format that this version does not understand"
        case .damaged: "\(subject) is damaged"
        case .missing: "\(subject) does not exist"
        case .ambiguous: "\(subject) names more than one snapshot"
        case .credentialsNeeded: "\(subject) is encrypted"
        case .wrongCredentials: "the credentials do not open \(subject)"
        case .notEncrypted: "\(subject) is not encrypted, and a password or key was given"
        case .locked: "\(subject) is in use"
        case .lockLost: "the lock of this run was lost (\(subject))"
        case .lastKey: "\(subject) is the last key"
        case .invalidArgument: "\(subject) cannot be used"
        case .closed: "\(subject) takes nothing more"
        case .cryptography: "\(subject) could not be made"
        }
    }

    /// What to do next.
    public var advice: String? {
        switch kind {
        case .noRepository: "make one with 'godwit repository init', or correct the location"
        case .configurationLost:
            "put it back from a copy, byte for byte; an unencrypted repository's can be written anew by hand, see "
                + "docs/repository-format.md"
        case .exists: "use it as it is, or choose another location"
        case .unsupported: "use a newer version of godwit"
        case .damaged: "run 'godwit repository check' to see what is affected; the rest can still be restored"
        case .missing: "list what there is with 'godwit volume snapshots', or run 'godwit repository check'"
        case .ambiguous: "give more digits"
        case .credentialsNeeded: "set GODWIT_REPOSITORY_PASSWORD, or give --password-file"
        case .wrongCredentials: "check the password or key file"
        case .notEncrypted: "leave the password out, or make an encrypted repository elsewhere"
        case .locked: "wait until it has ended; 'godwit repository unlock' removes the locks of dead runs"
        case .lockLost: "run the command again"
        case .lastKey: "add another key first"
        case .invalidArgument, .closed, .cryptography: nil
        }
    }
}
