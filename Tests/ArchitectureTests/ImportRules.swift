/// What each target may import of this package and of others, as docs/architecture.md draws it.
enum ImportRules {
    /// A target: where its sources stand and what they may import.
    struct Room {
        let folder: String
        let imports: Set<String>
    }

    /// Libraries of the platform that every target may use.
    static let platform: Set<String> = ["Foundation", "Glibc", "Synchronization", "Dispatch"]

    /// C modules, each with the only target that may import it; `godwit` is the executable.
    static let wrappers = [
        "CLibCurl": "HTTPTransport", "CLibArchive": "Tarball", "CLibZstd": "Tarball", "CLibZ": "Tarball",
        "CLibSodium": "VolumeRepository", "CLinux": "VolumeRepository",
        "CBtrfs": "BtrfsSnapshotter", "CProcess": "PluginHost", "CAllocator": "godwit",
    ]

    /// What several plugins share, and is no plugin: facts about objects, and what stores in clouds have in common.
    static let pluginLibraries: Set<String> = ["FieldPaths", "CloudStorage", "AWS"]

    static let pluginAPI: Set<String> = ["GodwitModel", "GodwitPluginAPI", "Streams"]

    /// What a store in a cloud may import besides.
    private static let cloud: Set<String> = ["HTTPTransport", "Crypto", "CloudStorage"]

    /// What speaks the plugin protocol.
    static let pluginWire: Set<String> = [
        "PluginProtocol", "GRPCCore", "GRPCNIOTransportHTTP2Posix", "SwiftProtobuf",
    ]

    static let rooms: [String: Room] = [
        "GodwitModel": Room(folder: "Sources/GodwitModel", imports: []),
        "Streams": Room(folder: "Sources/Streams", imports: []),
        "GodwitPluginAPI": Room(folder: "Sources/GodwitPluginAPI", imports: ["GodwitModel", "Streams"]),
        "Tarball": Room(
            folder: "Sources/Tarball", imports: ["GodwitModel", "Streams", "CLibArchive", "CLibZstd", "CLibZ"]),
        "HTTPTransport": Room(folder: "Sources/HTTPTransport", imports: ["GodwitModel", "Streams", "CLibCurl"]),
        "KubernetesClient": Room(
            folder: "Sources/KubernetesClient",
            imports: ["GodwitModel", "Streams", "HTTPTransport", "Crypto", "Yams"]),
        "VolumeRepository": Room(
            folder: "Sources/VolumeRepository",
            imports: pluginAPI.union(["Tarball", "CLibSodium", "CLinux"])),
        "PluginProtocol": Room(
            folder: "Sources/PluginProtocol",
            imports: [
                "GodwitModel", "GodwitPluginAPI", "GRPCCore", "GRPCProtobuf", "SwiftProtobuf", "FoundationEssentials",
            ]),
        "PluginHost": Room(
            folder: "Sources/PluginHost", imports: pluginAPI.union(pluginWire).union(["CProcess"])),
        "GodwitPluginSDK": Room(folder: "Sources/GodwitPluginSDK", imports: pluginAPI.union(pluginWire)),
        "GodwitEngine": Room(
            folder: "Sources/GodwitEngine",
            imports: pluginAPI.union([
                "Tarball", "HTTPTransport", "KubernetesClient", "VolumeRepository", "Crypto",
            ])),
        "GodwitTestKit": Room(folder: "Sources/GodwitTestKit", imports: pluginAPI),
        "FilesystemObjectStore": Room(folder: "Plugins/ObjectStores/Filesystem", imports: pluginAPI),
        "S3ObjectStore": Room(
            folder: "Plugins/ObjectStores/S3", imports: pluginAPI.union(cloud).union(["AWS"])),
        "AzureObjectStore": Room(folder: "Plugins/ObjectStores/Azure", imports: pluginAPI.union(cloud)),
        "GCSObjectStore": Room(folder: "Plugins/ObjectStores/GCS", imports: pluginAPI.union(cloud)),
        "CloudStorage": Room(
            folder: "Plugins/ObjectStores/Shared",
            imports: pluginAPI.union(["HTTPTransport", "Crypto", "CryptoExtras"])),
        "AWS": Room(folder: "Plugins/AWS", imports: pluginAPI.union(cloud)),
        "BtrfsSnapshotter": Room(folder: "Plugins/Snapshotters/Btrfs", imports: pluginAPI.union(["CBtrfs"])),
        "CSISnapshotter": Room(folder: "Plugins/Snapshotters/CSI", imports: pluginAPI.union(["Crypto"])),
        "EBSSnapshotter": Room(
            folder: "Plugins/Snapshotters/EBS", imports: pluginAPI.union(cloud).union(["AWS"])),
        "FieldPaths": Room(folder: "Plugins/Transformers/FieldPaths", imports: ["GodwitModel"]),
        "BackupActions": Room(folder: "Plugins/Transformers/BackupActions", imports: pluginAPI),
        "NamespaceMapping": Room(
            folder: "Plugins/Transformers/NamespaceMapping", imports: pluginAPI.union(["FieldPaths"])),
        "ClaimMapping": Room(folder: "Plugins/Transformers/ClaimMapping", imports: pluginAPI.union(["FieldPaths"])),
        "ReclaimPolicy": Room(folder: "Plugins/Transformers/ReclaimPolicy", imports: pluginAPI),
        "ImageRegistry": Room(folder: "Plugins/Transformers/ImageRegistry", imports: pluginAPI.union(["FieldPaths"])),
        "StorageClassMapping": Room(
            folder: "Plugins/Transformers/StorageClass", imports: pluginAPI.union(["FieldPaths"])),
        "ResourceModifiers": Room(
            folder: "Plugins/Transformers/ResourceModifiers", imports: pluginAPI.union(["Yams"])),
        "RestoreFixes": Room(
            folder: "Plugins/Transformers/RestoreFixes", imports: pluginAPI.union(["Crypto", "FieldPaths"])),
        "SelectedNode": Room(folder: "Plugins/Transformers/SelectedNode", imports: pluginAPI),
        "PodRequirements": Room(
            folder: "Plugins/Transformers/PodRequirements", imports: pluginAPI.union(["FieldPaths"])),
        "MetadataRules": Room(folder: "Plugins/Transformers/Metadata", imports: pluginAPI.union(["FieldPaths"])),
        "Replicas": Room(folder: "Plugins/Transformers/Replicas", imports: pluginAPI),
        "CronJobSuspension": Room(folder: "Plugins/Transformers/CronJobSuspension", imports: pluginAPI),
        "HostMapping": Room(folder: "Plugins/Transformers/Hosts", imports: pluginAPI.union(["FieldPaths"])),
        "NodePorts": Room(folder: "Plugins/Transformers/NodePorts", imports: pluginAPI),
        "SecurityContextConstraints": Room(
            folder: "Plugins/Transformers/SecurityContextConstraints", imports: pluginAPI),
        "OpenShift": Room(folder: "Plugins/Transformers/OpenShift", imports: pluginAPI.union(["FieldPaths"])),
        "KubeVirt": Room(
            folder: "Plugins/Transformers/KubeVirt", imports: pluginAPI.union(["Crypto", "FieldPaths"])),
        "PluginConfiguration": Room(
            folder: "Plugins/Transformers/PluginConfiguration", imports: pluginAPI.union(["FieldPaths"])),
    ]

    /// Code that a generator wrote; nobody reads it.
    static let generated = "Sources/PluginProtocol/Generated/"

    /// The executable may import everything; it is the only one that registers plugins.
    static let executable = "Sources/godwit"

    /// Files that are longer than 500 lines for a reason, with the reason.
    static let longFiles: [String: String] = [:]

    /// Sources that hold a `fatalError` or `try!`, with the reason.
    static let traps: [String: String] = [:]
}
