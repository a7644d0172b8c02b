import GodwitModel
import GodwitPluginAPI
import Testing

/// A restore whose backup and cluster are two maps.
struct FakeRestoreContext: RestoreContext {
    var restore = Restore(name: "restore-1", spec: RestoreSpec(backupName: "nightly"))
    var cluster: [ItemIdentity: KubernetesObject] = [:]
    var backup: [ItemIdentity: KubernetesObject] = [:]
    /// Cluster-scoped items that the filters leave out unless another item needs them.
    var related: Set<ItemIdentity> = []
    /// The versions that the cluster serves, of every resource.
    var versions: Set = ["v1", "v1beta1"]
    /// Resources that the cluster serves beyond that, in every version.
    var served: Set<GroupResource> = []
    /// Items of the backup that the restore's filters leave out.
    var filtered: Set<ItemIdentity> = []
    /// Claims whose volume is filled.
    var claimsWithData: Set<ClaimName> = []
    /// Claims whose volume is made of a snapshot.
    var snapshots: [ClaimName: SnapshotKind] = [:]

    init(mapping: [String: String] = [:]) { restore.spec.namespaceMapping = mapping }

    func holdsData(of claim: ClaimName) -> Bool { claimsWithData.contains(claim) }
    func snapshot(of claim: ClaimName) -> SnapshotKind? { snapshots[claim] }
    func existing(_ identity: ItemIdentity) async throws -> KubernetesObject? { cluster[identity] }
    func backedUp(_ identity: ItemIdentity) async throws -> KubernetesObject? { backup[identity] }
    func backupContains(_ identity: ItemIdentity) -> Bool { backup[identity] != nil }
    func willRestore(_ identity: ItemIdentity) -> Bool { backup[identity] != nil && !filtered.contains(identity) }
    func mayRestore(_ identity: ItemIdentity) -> Bool { willRestore(identity) || related.contains(identity) }
    func serves(_ resource: GroupResource, version: String) -> Bool {
        versions.contains(version) || served.contains(resource)
    }
}

func object(_ json: String) throws -> KubernetesObject { try KubernetesObject(parsing: Array(json.utf8)) }

func identity(_ resource: String, _ namespace: String?, _ name: String) -> ItemIdentity {
    ItemIdentity(resource: GroupResource(parsing: resource), namespace: namespace, name: name)
}

/// The object as the engine hands it to the first action.
func cleaned(_ object: KubernetesObject) -> KubernetesObject {
    var object = object
    let kept = ["name", "namespace", "labels", "annotations"]
    object["metadata"] = .object((object["metadata"]?.object ?? [:]).filter { kept.contains($0.key) })
    object["status"] = nil
    return object
}

extension RestoreItemOutcome {
    var item: KubernetesObject? { if case .restore(let item, _, _) = self { item } else { nil } }
    var additionalItems: [ItemIdentity] { if case .restore(_, let items, _) = self { items } else { [] } }
    var warnings: [String] { if case .restore(_, _, let warnings) = self { warnings } else { [] } }
    var isSkipped: Bool { item == nil }
}

extension RestoreItemAction {
    /// Runs the action on an object as it stands in a backup.
    func outcome(
        _ original: KubernetesObject, _ context: FakeRestoreContext = FakeRestoreContext()
    ) async throws -> RestoreItemOutcome {
        try await execute(cleaned(original), original: original, context: context)
    }

    /// The restored object.
    func restored(
        _ original: KubernetesObject, _ context: FakeRestoreContext = FakeRestoreContext()
    ) async throws -> KubernetesObject {
        try #require(try await outcome(original, context).item)
    }
}
