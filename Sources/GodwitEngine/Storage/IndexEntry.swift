public import GodwitModel
public import Tarball

/// One item of a backup, as the backup's index has it.
public struct IndexEntry: Sendable, Hashable {
    /// Which object.
    public var identity: ItemIdentity
    /// The object's `apiVersion`.
    public var apiVersion: String
    /// The object's kind.
    public var kind: String
    /// The object's uid in the cluster that was backed up; empty when unknown.
    public var uid: String
    /// Where its JSON text is in the tarball.
    public var location: ContentLocation
    /// SHA-256 of its JSON text, 32 bytes; empty in formats that have none.
    public var sha256: [UInt8]

    /// The size of its JSON text in bytes.
    public var size: Int64 { location.length }

    /// An entry.
    public init(
        identity: ItemIdentity, apiVersion: String, kind: String, uid: String, location: ContentLocation,
        sha256: [UInt8]
    ) {
        self.identity = identity
        self.apiVersion = apiVersion
        self.kind = kind
        self.uid = uid
        self.location = location
        self.sha256 = sha256
    }
}
