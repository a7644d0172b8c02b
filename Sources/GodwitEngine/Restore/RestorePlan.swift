public import GodwitModel

/// What a restore is going to do: a value that can be printed, compared and stored.
public struct RestorePlan: Sendable, Hashable, Codable {
    /// The items of one resource.
    public struct Step: Sendable, Hashable, Codable {
        /// The resource.
        public let resource: GroupResource
        /// The `apiVersion` under which the target cluster gets it; nil when it does not serve the resource yet.
        public let apiVersion: String?
        /// Items by namespace in the backup; the empty name stands for cluster-scoped items.
        public let items: [String: Int]
        /// Bytes of JSON text.
        public let bytes: Int64
    }

    /// Items that are left out before anything is read.
    public struct Omission: Sendable, Hashable, Codable {
        /// The resource.
        public let resource: GroupResource
        /// How many items.
        public let items: Int
        /// Why.
        public let reason: String
    }

    /// The data of one claim's volume.
    public struct Volume: Sendable, Hashable, Codable {
        /// The claim in the backup.
        public let claim: ClaimName
        /// The claim in the cluster.
        public let target: ClaimName
        /// The snapshot; nil when the backup has no data of it.
        public let snapshot: String?
        /// Regular files.
        public let files: Int64
        /// Bytes of content.
        public let bytes: Int64
        /// Why the backup has no data of it; nil when it has.
        public let reason: String?
    }

    /// The restore's name.
    public let restore: String
    /// The backup's name.
    public let backup: String
    /// The target in words.
    public let target: String
    /// Groups of steps: the groups one after the other, what is inside one at the same time.
    public let groups: [[Step]]
    /// Namespace in the backup to namespace in the cluster, for all namespaces that take part.
    public let namespaces: [String: String]
    /// What is left out.
    public let omissions: [Omission]
    /// The volumes of claims that take part, if the restore is one of data too.
    public let volumes: [Volume]

    /// Items that take part.
    public var itemCount: Int { groups.joined().reduce(0) { $0 + $1.items.values.reduce(0, +) } }
}
