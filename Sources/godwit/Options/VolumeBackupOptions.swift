import ArgumentParser
import Foundation
import GodwitEngine
import GodwitModel
import KubernetesClient

/// Which volumes a backup takes the data of, and where it finds them.
struct VolumeBackupOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Back up the data of volumes too, where one is chosen.", valueName: "true|false"))
    var volumeData = true

    @Option(
        help: ArgumentHelp(
            "Choose all volumes but those that pods opt out of; else those that pods opt in for.",
            valueName: "true|false"))
    var defaultVolumesToFsBackup: Bool?

    @Option(
        help: ArgumentHelp("A file of Velero's volume policies (version v1).", valueName: "file"),
        completion: .file())
    var resourcePolicies: String?

    @Option(
        help: ArgumentHelp("The same in a ConfigMap of the cluster, its only key.", valueName: "namespace/name"))
    var resourcePoliciesConfigmap: ClaimName?

    @OptionGroup var snapshots: VolumeSnapshotOptions
    @OptionGroup var places: VolumePlaceOptions

    func validate() throws {
        guard resourcePolicies == nil || resourcePoliciesConfigmap == nil else {
            throw ValidationError("--resource-policies and --resource-policies-configmap exclude each other")
        }
        if !volumeData, let option = (chosen + snapshots.chosen).first {
            throw ValidationError("\(option) makes no sense with --volume-data false")
        }
    }

    /// The options that ask for the files of volumes.
    var chosen: [String] {
        var options: [String] = []
        if defaultVolumesToFsBackup == true { options.append("--default-volumes-to-fs-backup") }
        if resourcePolicies != nil { options.append("--resource-policies") }
        if resourcePoliciesConfigmap != nil { options.append("--resource-policies-configmap") }
        if places.kubeletRoot != nil { options.append("--kubelet-root") }
        if !places.volumePath.isEmpty { options.append("--volume-path") }
        return options
    }

    /// The settings as the engine takes them; nil when no data is backed up.
    func settings(
        _ cluster: any Cluster, _ options: ClusterOptions, _ storage: StorageOptions, _ global: GlobalOptions,
        isDryRun: Bool
    ) async throws -> VolumeBackupSettings? {
        guard volumeData else { return nil }
        var rules = VolumeBackupRules()
        rules.named = Set(try places.named().keys)
        rules.includesByDefault = defaultVolumesToFsBackup ?? false
        rules.policies = try await policies(cluster)
        let mover = try places.mover(options, storage, global)
        if !isDryRun, !chosen.isEmpty { try await mover.prepare() }
        var settings = VolumeBackupSettings(mover: mover, rules: rules)
        settings.snapshots = try await snapshots.settings(options, global)
        settings.mounts = places.mounts(timeout: try snapshots.timeout())
        return settings
    }

    private func policies(_ cluster: any Cluster) async throws -> VolumePolicies? {
        let (text, place): (String, String)
        if let resourcePolicies {
            guard let data = FileManager.default.contents(atPath: resourcePolicies) else {
                throw UnreadableFileError(path: resourcePolicies, option: "--resource-policies")
            }
            (text, place) = (String(decoding: data, as: UTF8.self), resourcePolicies)
        } else if let name = resourcePoliciesConfigmap {
            (text, place) = (try await Self.text(of: name, in: cluster), "ConfigMap '\(name)'")
        } else {
            return nil
        }
        do {
            let documents = try KubernetesYAML.parse(text)
            guard documents.count == 1 else {
                throw VolumePolicyFileError(place: place, reason: "it has \(documents.count) documents")
            }
            return try VolumePolicies(documents[0])
        } catch let error as KubernetesYAML.Fault {
            throw VolumePolicyFileError(place: place, reason: "\(error)")
        }
    }

    private static func text(of name: ClaimName, in cluster: any Cluster) async throws -> String {
        let maps = APIResource(
            groupVersion: GroupVersion(apiVersion: "v1"), plural: "configmaps", kind: "ConfigMap", isNamespaced: true,
            verbs: ["get"])
        guard let item = try await cluster.get(maps, namespace: name.namespace, name: name.name) else {
            throw VolumePolicyFileError(place: "ConfigMap '\(name)'", reason: "it does not exist")
        }
        let data = try KubernetesObject(parsing: item.bytes)["data"]?.object ?? [:]
        guard data.count == 1, let text = data.values.first?.string else {
            throw VolumePolicyFileError(
                place: "ConfigMap '\(name)'", reason: "it has \(data.count) keys, and should have one")
        }
        return text
    }
}

/// Volume policies cannot be read.
struct VolumePolicyFileError: AdvisedError, UsageError {
    let place: String
    let reason: String?
    var summary: String { "the volume policies in \(place) cannot be read" }
    var advice: String? { nil }
}
