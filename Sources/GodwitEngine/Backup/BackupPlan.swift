public import GodwitModel

/// What a backup is going to do: a value that can be printed, compared and stored.
public struct BackupPlan: Sendable, Hashable, Codable {
    /// One resource, and how its items are found.
    public struct Step: Sendable, Hashable, Codable {
        /// The resource.
        public let resource: GroupResource
        /// The `apiVersion` at which it is read.
        public let apiVersion: String
        /// The kind.
        public let kind: String
        /// Whether its items live in namespaces.
        public let isNamespaced: Bool
        /// Items that are read one by one before the listings: those that were asked to come first, or the namespaces
        /// that were named.
        public var first: [ItemIdentity]
        /// The listings, in order.
        public var listings: [Listing]
        /// The names of the actions that may want items of this resource.
        public var actions: [String]
    }

    /// One listing.
    public struct Listing: Sendable, Hashable, Codable {
        /// The namespace; nil for all of them, and for cluster-scoped resources.
        public let namespace: String?
        /// The selector that the server evaluates; nil for none.
        public let labelSelector: String?
    }

    /// A resource that is left out.
    public struct Omission: Sendable, Hashable, Codable {
        /// The resource.
        public let resource: GroupResource
        /// Why.
        public let reason: String
    }

    /// The backup's name.
    public let backup: String
    /// The source in words.
    public let source: String
    /// The version of the source's server.
    public let serverVersion: String
    /// The namespaces that are read one by one; nil when listings cover the whole cluster.
    public let namespaces: [String]?
    /// Namespaces that ask, by label, to be left out.
    public let excludedNamespaces: [String]
    /// The resources, in order.
    public internal(set) var steps: [Step]
    /// What is left out.
    public let omissions: [Omission]
    /// What a person should know beforehand.
    public internal(set) var warnings: [String]
    /// What should be in the backup and cannot be read, such as a manifest that is not YAML.
    public let failures: [String]
    /// What happens to the data of volumes; nil where that was not asked yet, because it means to read all pods, claims
    /// and volumes.
    public internal(set) var volumes: [Volume]?

    /// The data of one claim's volume.
    public struct Volume: Sendable, Hashable, Codable {
        /// The claim.
        public let claim: ClaimName
        /// How its data gets into the backup.
        public let method: VolumeMethod
        /// Why so.
        public let reason: String
        /// Where it is read; nil for nowhere.
        public let path: String?
        /// Why it cannot be read; nil when it can, or is not to be.
        public let problem: String?
    }
}
