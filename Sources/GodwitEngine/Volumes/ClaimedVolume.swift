public import GodwitModel

/// What decides how the data of one claim's volume is backed up and where it is: the claim, its PersistentVolume, and the
/// pods that mount it, cut down to a few words.
public struct ClaimedVolume: Sendable, Hashable {
    /// The claim.
    public let claim: ClaimName
    /// The labels of the claim.
    public var labels: [String: String] = [:]
    /// The phase of the claim; empty in a manifest.
    public var phase = ""
    /// The name of the PersistentVolume; empty while there is none.
    public var volumeName = ""
    /// The storage class; empty for none.
    public var storageClass = ""
    /// Whether the backup holds the PersistentVolume.
    public var isVolumeInBackup = false
    /// Whether pods see a block device instead of files.
    public var isBlock = false
    /// The size in bytes.
    public var capacity: Int64?
    /// Where the data is; nil when the PersistentVolume is not known.
    public var source: VolumeSource?
    /// The nodes that have it; empty for any.
    public var nodes: Set<String> = []
    /// Whether a provisioner made the volume for the claim.
    public var isProvisioned = false
    /// The pods that mount it.
    public var pods: [MountingPod] = []

    /// The volume of a claim of which nothing is known yet.
    public init(claim: ClaimName) { self.claim = claim }

    /// A pod that mounts the volume.
    public struct MountingPod: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// Its uid; empty in a manifest.
        public let uid: String
        /// The node that it runs on; empty for none.
        public let node: String
        /// What its annotations say of the volume.
        public let wish: Wish?
    }

    /// What a pod's annotations say of a volume.
    public enum Wish: Sendable, Hashable {
        /// `backup.velero.io/backup-volumes` names it.
        case included
        /// `backup.velero.io/backup-volumes-excludes` names it.
        case excluded
    }
}

/// Where a PersistentVolume keeps its data.
public struct VolumeSource: Sendable, Hashable {
    /// The member of the spec: `hostPath`, `local`, `nfs`, `csi`, `awsElasticBlockStore`.
    public var type: String
    /// The path on the node, or on the server.
    public var path = ""
    /// The server of an NFS volume.
    public var server = ""
    /// The driver of a CSI volume.
    public var driver = ""
    /// The attributes of a CSI volume.
    public var attributes: [String: String] = [:]
    /// What the storage knows it by, in some form: equal for two sources of the same storage. Empty when not known.
    var identity = ""

    /// What it is, for people.
    var words: String { path.isEmpty ? identity : server.isEmpty ? path : "\(server):\(path)" }
}

extension ClaimedVolume {
    /// The volume of a claim, as objects of a cluster or a backup describe it.
    ///
    /// - Parameter volume: its PersistentVolume, where there is one.
    public init?(claim object: KubernetesObject, volume: KubernetesObject?) {
        guard let namespace = object.namespace else { return nil }
        self.init(claim: ClaimName(namespace: namespace, name: object.name))
        labels = object.labels
        phase = object[path: "status", "phase"]?.string ?? ""
        volumeName = object[path: "spec", "volumeName"]?.string ?? ""
        storageClass =
            object[path: "spec", "storageClassName"]?.string
            ?? object.annotations["volume.beta.kubernetes.io/storage-class"] ?? ""
        isBlock = object[path: "spec", "volumeMode"]?.string == "Block"
        let requested = object[path: "spec", "resources", "requests", "storage"]?.string
        capacity = requested.flatMap(Quantity.bytes)
        if let volume { take(volume) }
    }

    /// Adds what the PersistentVolume says.
    mutating func take(_ volume: KubernetesObject) {
        volumeName = volume.name
        if let text = volume[path: "spec", "capacity", "storage"]?.string, let bytes = Quantity.bytes(text) {
            capacity = bytes
        }
        if let name = volume[path: "spec", "storageClassName"]?.string { storageClass = name }
        isProvisioned = volume.annotations["pv.kubernetes.io/provisioned-by"] != nil
        source = VolumeSource(volume)
        nodes = Self.hosts(volume)
    }

    /// The host names that a node affinity allows; terms about other labels allow any.
    static func hosts(_ volume: KubernetesObject) -> Set<String> {
        let terms = volume[path: "spec", "nodeAffinity", "required", "nodeSelectorTerms"]?.array ?? []
        var hosts: Set<String> = []
        for term in terms {
            let values = (term["matchExpressions"]?.array ?? []).filter {
                $0["key"]?.string == "kubernetes.io/hostname" && $0["operator"]?.string == "In"
            }.flatMap { $0["values"]?.array ?? [] }
            guard !values.isEmpty else { return [] }
            hosts.formUnion(values.compactMap(\.string))
        }
        return hosts
    }
}

extension KubernetesObject {
    /// The claim that a PersistentVolume is bound to, or reserved for.
    var volumeHolder: ClaimName? {
        guard let namespace = self[path: "spec", "claimRef", "namespace"]?.string,
            let name = self[path: "spec", "claimRef", "name"]?.string
        else { return nil }
        return ClaimName(namespace: namespace, name: name)
    }
}

extension VolumeSource {
    /// The members of a PersistentVolume's spec that say nothing of where its data is.
    private static let otherMembers: Set<String> = [
        "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
        "storageClassName", "volumeMode", "volumeAttributesClassName",
    ]

    /// The source of a PersistentVolume; nil when its spec names none.
    init?(_ volume: KubernetesObject) {
        let members = volume["spec"]?.object ?? [:]
        let sources = members.filter { !Self.otherMembers.contains($0.key) && $0.value.object != nil }
        guard let (type, source) = sources.min(by: { $0.key < $1.key }) else { return nil }
        self.init(type: type)
        path = source["path"]?.string ?? ""
        server = source["server"]?.string ?? ""
        driver = source["driver"]?.string ?? ""
        attributes = (source["volumeAttributes"]?.object ?? [:]).compactMapValues(\.string)
        identity = Self.identity(type, source)
    }

    private static func identity(_ type: String, _ source: JSONValue) -> String {
        if type == "csi" {
            guard let handle = source["volumeHandle"]?.string, !handle.isEmpty else { return "" }
            return "\(source["driver"]?.string ?? "") \(handle)"
        }
        // How it is mounted is not what it is.
        let mounting: Set<String> = ["fsType", "readOnly", "partition", "cachingMode", "secretRef", "mountOptions"]
        let members = (source.object ?? [:]).filter { !mounting.contains($0.key) }
        return "\(type) \(String(decoding: JSONValue.object(members).serialized(), as: UTF8.self))"
    }

    init(type: String) { self.type = type }
}
