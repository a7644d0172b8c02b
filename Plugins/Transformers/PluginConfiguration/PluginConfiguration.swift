public import GodwitModel

/// What Velero's users configure by ConfigMaps in the cluster: mappings of storage classes, of nodes, and of images.
///
/// A ConfigMap is one of them by its labels: `velero.io/plugin-config`, and the plugin's name with the value
/// `RestoreItemAction`. Its data are the mappings. Source: Velero's restore reference.
public struct PluginConfiguration: Sendable, Hashable {
    /// Storage class in the backup to storage class in the cluster: `velero.io/change-storage-class`.
    public private(set) var storageClasses: [String: String] = [:]
    /// Node in the backup to node in the cluster: `velero.io/change-pvc-node-selector`.
    public private(set) var nodes: [String: String] = [:]
    /// Parts of image names, in the order of the ConfigMap's keys: `velero.io/change-image-name`.
    public private(set) var images: [ImageNameRule] = []

    /// Whether a ConfigMap of one of these plugins was there, if an empty one.
    public private(set) var isFound = false

    /// The label that all of them have.
    public static let label = "velero.io/plugin-config"
    /// The plugins, by the names that the other label has.
    public static let plugins = [
        "velero.io/change-storage-class", "velero.io/change-pvc-node-selector", "velero.io/change-image-name",
    ]

    /// Reads the mappings; ConfigMaps of other plugins are left to those.
    ///
    /// - Parameter configMaps: those with the label, of the namespace that Velero is in.
    /// - Throws: ``PluginConfigurationError`` when a plugin has two, or a mapping of images is malformed.
    public init(_ configMaps: [KubernetesObject]) throws(PluginConfigurationError) {
        let data = try Self.plugins.map { plugin throws(PluginConfigurationError) in
            try Self.data(of: plugin, in: configMaps)
        }
        isFound = data.contains { $0 != nil }
        storageClasses = data[0] ?? [:]
        nodes = data[1] ?? [:]
        let plugin = Self.plugins[2]
        for (key, text) in (data[2] ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let rule = ImageNameRule(text) else {
                throw PluginConfigurationError(plugin: plugin, fault: "'\(key)' is '\(text)', not of the form old,new")
            }
            images.append(rule)
        }
    }

    /// - Returns: nil when there is none.
    private static func data(
        of plugin: String, in configMaps: [KubernetesObject]
    ) throws(PluginConfigurationError) -> [String: String]? {
        let found = configMaps.filter { $0.labels[label] != nil && $0.labels[plugin] == "RestoreItemAction" }
        guard found.count < 2 else {
            let names = found.map(\.name).sorted().joined(separator: ", ")
            throw PluginConfigurationError(plugin: plugin, fault: "there is more than one: \(names)")
        }
        return found.first.map { $0["data"]?.object?.compactMapValues(\.string) ?? [:] }
    }
}

/// A part of an image's name and what it becomes, wherever it stands in the name.
public struct ImageNameRule: Sendable, Hashable {
    /// The part that is replaced.
    public let old: String
    /// What it becomes.
    public let new: String

    /// Reads `old,new`.
    init?(_ text: String) {
        let halves = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        old = Self.trimmed(halves[0])
        new = Self.trimmed(halves[1])
        guard !old.isEmpty, !new.isEmpty else { return nil }
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}

/// A plugin's ConfigMap cannot be used.
public struct PluginConfigurationError: AdvisedError, Hashable {
    /// The plugin.
    public let plugin: String
    /// What is wrong.
    public let fault: String

    /// Whose ConfigMap.
    public var summary: String { "the ConfigMap of \(plugin) cannot be used" }
    /// What is wrong.
    public var reason: String? { fault }
    /// What to do next.
    public var advice: String? { "correct it, or leave out --plugin-config-namespace" }
}
