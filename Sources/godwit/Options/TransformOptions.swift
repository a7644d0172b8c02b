import ArgumentParser
import ClaimMapping
import Foundation
import GodwitModel
import GodwitPluginAPI
import ImageRegistry
import NamespaceMapping
import ReclaimPolicy
import ResourceModifiers
import RestoreFixes
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
            "Reclaim policy of restored volumes: Retain, Delete, or original to put back what an earlier restore kept.",
            valueName: "policy"))
    var reclaimPolicy: ReclaimPolicyArgument?

    @Option(
        help: ArgumentHelp("A file of Velero resource modifiers (version v1).", valueName: "file"),
        completion: .file())
    var resourceModifiers: String?

    func validate() throws {
        _ = try namespaceMapping()
        _ = try claimMapping()
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
        return RestoreFixes.all(RestoreFixes.Options(restoresDeletableVolumes: keepsVolumes))
    }

    /// What the user asked for, in the order in which it is applied; the modifiers have the last word.
    func transformers() throws -> [any RestoreItemAction] {
        var actions: [any RestoreItemAction] = []
        let namespaces = try namespaceMapping()
        if !namespaces.isEmpty { actions.append(NamespaceMapping(mapping: namespaces)) }
        let claims = try claimMapping()
        if !claims.isEmpty { actions.append(ClaimMapping(mapping: claims)) }
        let images = try imageRegistryMappings.dictionary(option: "--image-registry-mappings")
        if !images.isEmpty {
            actions += ImageRegistry.actions(
                rules: try ImageRegistryRules(images), customPaths: try imagePath.map(CustomImagePath.init(parsing:)))
        }
        let classes = try storageClassMappings.dictionary(option: "--storage-class-mappings")
        if !classes.isEmpty { actions.append(StorageClassMapping(mapping: classes)) }
        if let reclaimPolicy { actions.append(ReclaimPolicy(reclaimPolicy.mode)) }
        if let resourceModifiers { actions += try Self.modifiers(path: resourceModifiers) }
        return actions
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
