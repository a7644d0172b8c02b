import ArgumentParser
import ClaimMapping
import Foundation
import GodwitModel
import GodwitPluginAPI
import ImageRegistry
import KubeVirt
import KubernetesClient
import NamespaceMapping
import OpenShift
import PluginConfiguration
import ReclaimPolicy
import ResourceModifiers
import RestoreFixes
import SecurityContextConstraints
import SelectedNode
import StorageClassMapping

/// How items are changed on their way into the cluster.
struct TransformOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Restore namespaces under other names: old:new,other:another.", valueName: "mappings"))
    var namespaceMappings: [Mapping] = []

    @Option(
        help: ArgumentHelp(
            "Restore claims under other names: shop/data:shop/data2,…; the new namespace is the mapped one.",
            valueName: "mappings"))
    var pvcMappings: [Mapping] = []

    @Option(help: ArgumentHelp("Move images: docker.io=mirror.example.com/hub,…", valueName: "mappings"))
    var imageRegistryMappings: [Mapping] = []

    @Option(
        help: ArgumentHelp(
            "Further places that hold an image, such as 'databases.example.com:spec.image'.",
            valueName: "resource:path"))
    var imagePath: [String] = []

    @Option(help: ArgumentHelp("Storage classes: old:new,other:another.", valueName: "mappings"))
    var storageClassMappings: [Mapping] = []

    @Option(
        help: ArgumentHelp(
            "Nodes on which the volumes of claims are to be provisioned: old:new,other:another.",
            valueName: "mappings"))
    var pvcNodeMappings: [Mapping] = []

    @Option(
        help: ArgumentHelp(
            "Reclaim policy of restored volumes: Retain, Delete, or original to put back what an earlier restore kept.",
            valueName: "policy"))
    var reclaimPolicy: ReclaimPolicyArgument?

    @Option(
        help: ArgumentHelp("A file of Velero resource modifiers (version v1).", valueName: "file"),
        completion: .file())
    var resourceModifiers: String?

    @Option(
        help: ArgumentHelp(
            "The namespace of the cluster whose ConfigMaps of Velero's plugins hold further mappings.",
            valueName: "namespace"))
    var pluginConfigNamespace: String?

    func validate() throws {
        _ = try namespaceMapping()
        _ = try claimMapping()
        _ = try ValidationError.wrapping { try mappings(nil) }
        _ = try nodeMapping(nil)
        guard imagePath.isEmpty || !imageRegistryMappings.isEmpty else {
            throw ValidationError("--image-path needs --image-registry-mappings")
        }
    }

    /// Namespace in the backup to namespace in the cluster.
    func namespaceMapping() throws -> [String: String] {
        try namespaceMappings.dictionary(option: "--namespace-mappings")
    }

    /// Claim in the backup to claim in the cluster.
    func claimMapping() throws -> [ClaimName: ClaimName] {
        var mapping: [ClaimName: ClaimName] = [:]
        for (from, to) in try pvcMappings.dictionary(option: "--pvc-mappings") {
            guard let from = ClaimName(from), let to = ClaimName(to) else {
                throw ValidationError("--pvc-mappings: '\(from):\(to)' is not of the form ns/old:ns/new")
            }
            mapping[from] = to
        }
        guard Set(mapping.values).count == mapping.count else {
            throw ValidationError("--pvc-mappings: two claims become one")
        }
        return mapping
    }

    /// The built-in fixes. A volume whose policy is Delete is only restored as it is when it becomes one that is not:
    /// two objects that may each delete the same disk are an accident in waiting.
    func fixes() -> [any RestoreItemAction] {
        let keepsVolumes: Bool =
            switch reclaimPolicy {
            case .set(.retain), .set(.recycle): true
            case .set(.delete), .original, nil: false
            }
        return OpenShiftFixes.all() + KubeVirt.fixes(restoresDeletableVolumes: keepsVolumes)
            + RestoreFixes.all(RestoreFixes.Options(restoresDeletableVolumes: keepsVolumes))
    }

    /// What the user asked for, in the order in which it is applied; the modifiers have the last word.
    ///
    /// What writes annotations comes after the rules for annotations, which would remove them.
    ///
    /// - Parameter configuration: the mappings of the cluster. Where they and an option map the same, the option counts.
    func transformers(
        _ configuration: PluginConfiguration?, network: NetworkOptions, metadata: MetadataOptions,
        workloads: WorkloadOptions
    ) throws -> [any RestoreItemAction] {
        var actions = try mappings(configuration)
        actions += try network.transformers()
        actions += try metadata.transformers()
        let nodes = try nodeMapping(configuration)
        if !nodes.isEmpty { actions.append(SelectedNode(mapping: nodes)) }
        if let reclaimPolicy { actions.append(ReclaimPolicy(reclaimPolicy.mode)) }
        actions += try workloads.transformers()
        actions.append(SecurityContextConstraints())
        if let resourceModifiers { actions += try Self.modifiers(path: resourceModifiers) }
        return actions
    }

    private func mappings(_ configuration: PluginConfiguration?) throws -> [any RestoreItemAction] {
        var actions: [any RestoreItemAction] = []
        let namespaces = try namespaceMapping()
        if !namespaces.isEmpty { actions.append(NamespaceMapping(mapping: namespaces)) }
        let claims = try claimMapping()
        if !claims.isEmpty { actions.append(ClaimMapping(mapping: claims)) }
        if let rules = configuration?.images, !rules.isEmpty { actions.append(ImageNameReplacement(rules: rules)) }
        let images = try imageRegistryMappings.dictionary(option: "--image-registry-mappings")
        if !images.isEmpty {
            actions += ImageRegistry.actions(
                rules: try ImageRegistryRules(images), customPaths: try imagePath.map(CustomImagePath.init(parsing:)))
        }
        if !namespaces.isEmpty { actions.append(InternalRegistryAction()) }
        let classes = try storageClassMappings.dictionary(option: "--storage-class-mappings")
            .merging(configuration?.storageClasses ?? [:]) { mine, _ in mine }
        if !classes.isEmpty { actions.append(StorageClassMapping(mapping: classes)) }
        return actions
    }

    private func nodeMapping(_ configuration: PluginConfiguration?) throws -> [String: String] {
        try pvcNodeMappings.dictionary(option: "--pvc-node-mappings")
            .merging(configuration?.nodes ?? [:]) { mine, _ in mine }
    }

    /// The mappings that Velero's users keep in the cluster; nil when they were not asked for.
    func configuration(in cluster: any Cluster) async throws -> PluginConfiguration? {
        guard let pluginConfigNamespace else { return nil }
        return try await PluginConfigMaps.configuration(in: cluster, namespace: pluginConfigNamespace)
    }

    /// What was chosen beyond the restore's own fields, as it is recorded.
    var record: [String: String] {
        var record = ChangeRecord()
        record.note("image-registry-mappings", imageRegistryMappings)
        record.note("image-path", imagePath)
        record.note("storage-class-mappings", storageClassMappings)
        record.note("pvc-node-mappings", pvcNodeMappings)
        record.note("reclaim-policy", reclaimPolicy?.text)
        record.note("resource-modifiers", resourceModifiers)
        record.note("plugin-config-namespace", pluginConfigNamespace)
        return record.values
    }

    private static func modifiers(path: String) throws -> [any RestoreItemAction] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UnreadableFileError(path: path, option: "--resource-modifiers")
        }
        return try ResourceModifiers(parsing: String(decoding: data, as: UTF8.self)).actions
    }
}

/// A policy to set, or `original`.
enum ReclaimPolicyArgument: ExpressibleByArgument {
    case set(ReclaimPolicy.Policy)
    case original

    init?(argument: String) {
        if argument.lowercased() == "original" {
            self = .original
        } else if let policy = ReclaimPolicy.Policy.allCases.first(where: {
            $0.rawValue.lowercased() == argument.lowercased()
        }) {
            self = .set(policy)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { ReclaimPolicy.Policy.allCases.map(\.rawValue) + ["original"] }

    var text: String {
        switch self {
        case .set(let policy): policy.rawValue
        case .original: "original"
        }
    }

    var mode: ReclaimPolicy.Mode {
        switch self {
        case .set(let policy): .set(policy)
        case .original: .restoreOriginal
        }
    }
}

/// A file that an option names cannot be read.
struct UnreadableFileError: AdvisedError, UsageError {
    let path: String
    let option: String
    var summary: String { "cannot read '\(path)' (\(option))" }
    var reason: String? { nil }
    var advice: String? { "check the path and its permissions" }
}
