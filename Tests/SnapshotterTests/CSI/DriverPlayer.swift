import Foundation
import GodwitModel
import GodwitPluginAPI
import KubernetesClient

/// Plays the parts of the snapshot controller and of a CSI driver with its sidecars, for the claims of one driver.
///
/// It looks at the cluster again and again, and does what external-snapshotter does: contents for snapshots of claims,
/// binding of those made by hand, finalizers for what is bound, and the deletion of the storage's snapshot. That needs a
/// content that is being deleted with the policy `Delete`, whose VolumeSnapshot is gone or never was, and whose status
/// names the handle; without the handle the content goes and the snapshot stays. Its storage is a map from handles to what
/// the volume held.
actor DriverPlayer {
    let driver: String
    private let cluster: KubernetesCluster
    private let catalog: APIResourceCatalog
    /// What volumes hold, by handle.
    private(set) var volumes: [String: String] = [:]
    /// What snapshots hold, by handle.
    private(set) var snapshots: [String: String] = [:]
    /// Whether snapshots fail, with this message.
    var failure: String?
    /// Whether nothing is done.
    var isAsleep = false
    /// Whether contents are made, and their snapshots are not told.
    var isSilent = false
    /// Whether the storage answers no questions, with this message.
    var trouble: String?
    /// How many snapshots the storage was told to delete.
    private(set) var deletions = 0
    /// Where volumes made of snapshots are directories that a kubelet can mount; nil for volumes that none can.
    private var disk: Disk?
    private var loop: Task<Void, Never>?
    private var isBusy = false
    private(set) var troubles: [String] = []

    private static let finalizer = "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection"
    private static let group = "snapshot.storage.k8s.io"
    private static let snapshotResource = GroupResource(group: group, resource: "volumesnapshots")
    private static let contentResource = GroupResource(group: group, resource: "volumesnapshotcontents")
    private static let classResource = GroupResource(group: group, resource: "volumesnapshotclasses")

    /// A directory of a node.
    struct Disk {
        let node: String
        let directory: String
    }

    init(driver: String, cluster: KubernetesCluster, catalog: APIResourceCatalog) {
        self.driver = driver
        self.cluster = cluster
        self.catalog = catalog
    }

    func write(_ text: String, to volume: String) { volumes[volume] = text }
    func fail(with message: String?) { failure = message }
    func trouble(with message: String?) { trouble = message }
    func silence(_ isSilent: Bool) { self.isSilent = isSilent }

    /// Falls asleep when what is under way is done, or wakes up.
    func sleep(_ isAsleep: Bool) async {
        self.isAsleep = isAsleep
        while isAsleep, isBusy { try? await Task.sleep(for: .milliseconds(10)) }
    }

    func use(_ disk: Disk) { self.disk = disk }
    func adopt(_ others: [String: String]) { snapshots.merge(others) { _, new in new } }

    func start() {
        loop = Task { [weak self] in
            while !Task.isCancelled {
                await self?.step()
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    func stop() { loop?.cancel() }

    private func step() async {
        guard !isAsleep else { return }
        isBusy = true
        defer { isBusy = false }
        do {
            let contents = try await list(Self.contentResource).filter { $0[path: "spec", "driver"]?.string == driver }
            let alive = Set(
                try await list(Self.snapshotResource).compactMap { $0[path: "metadata", "uid"]?.string })
            for content in contents { try await settle(content, alive) }
            let classes = try await list(Self.classResource).filter { $0["driver"]?.string == driver }
            let names = Dictionary(classes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            for snapshot in try await list(Self.snapshotResource) {
                try await settle(snapshot, contents, names)
            }
            try await provision()
            try await reclaim()
            try await collect()
        } catch {
            // Somebody else was at the same object; the next round sees what has become of it.
            if troubles.count < 100 { troubles.append("\(error)") }
        }
    }

    private func settle(_ content: KubernetesObject, _ alive: Set<String>) async throws {
        let owner = content[path: "spec", "volumeSnapshotRef", "uid"]?.string ?? ""
        if content[path: "metadata", "deletionTimestamp"] != nil {
            guard !alive.contains(owner) else { return }
            if content[path: "spec", "deletionPolicy"] == "Delete",
                let handle = content[path: "status", "snapshotHandle"]?.string
            {
                snapshots[handle] = nil
                deletions += 1
                try await patch(
                    Self.contentResource, content, ["status": ["snapshotHandle": .null, "readyToUse": .null]],
                    status: true)
            }
            try await patch(Self.contentResource, content, ["metadata": ["finalizers": .null]])
            return
        }
        // The controller leaves alone what is not bound.
        if content[path: "metadata", "finalizers"] == nil, !owner.isEmpty {
            try await patch(
                Self.contentResource, content, ["metadata": ["finalizers": [.string(Self.finalizer)]]])
        }
        let handle =
            content[path: "spec", "source", "snapshotHandle"]?.string
            ?? content[path: "status", "snapshotHandle"]?.string ?? ""
        guard content[path: "status", "readyToUse"]?.bool != true else { return }
        let status: JSONValue
        if let source = content[path: "spec", "source", "volumeHandle"]?.string {
            if let failure {
                status = ["error": ["message": .string(failure)]]
            } else {
                let made = "snap-\(UUID().uuidString.lowercased())"
                snapshots[made] = volumes[source] ?? ""
                status = Self.ready(made)
            }
        } else if let trouble {
            status = ["error": ["message": .string("failed to list snapshot: \(trouble)")], "readyToUse": false]
        } else if snapshots[handle] != nil {
            status = Self.ready(handle)
        } else {
            let message = "failed to list snapshot: \"can not find snapshot for snapshotID \(handle)\""
            status = ["error": ["message": .string(message)], "readyToUse": false]
        }
        guard content["status"] != status else { return }
        try await patch(Self.contentResource, content, ["status": status], status: true)
    }

    private static func ready(_ handle: String) -> JSONValue {
        ["snapshotHandle": .string(handle), "readyToUse": true, "restoreSize": 2_147_483_648, "error": .null]
    }

    private func settle(
        _ snapshot: KubernetesObject, _ contents: [KubernetesObject], _ classes: [String: KubernetesObject]
    ) async throws {
        guard snapshot[path: "status", "readyToUse"]?.bool != true else { return }
        if let claim = snapshot[path: "spec", "source", "persistentVolumeClaimName"]?.string {
            guard let name = snapshot[path: "spec", "volumeSnapshotClassName"]?.string, let chosen = classes[name]
            else { return }
            let uid = snapshot[path: "metadata", "uid"]?.string ?? ""
            let own = contents.first { $0.name == "snapcontent-\(uid)" }
            guard let own else { return try await makeContent(snapshot, claim, chosen, uid) }
            try await report(own, in: snapshot)
        } else if let name = snapshot[path: "spec", "source", "volumeSnapshotContentName"]?.string,
            let own = contents.first(where: { $0.name == name }),
            own[path: "spec", "volumeSnapshotRef", "name"]?.string == snapshot.name,
            own[path: "spec", "volumeSnapshotRef", "namespace"]?.string == snapshot.namespace
        {
            if own[path: "spec", "volumeSnapshotRef", "uid"] == nil, let uid = snapshot[path: "metadata", "uid"] {
                try await patch(Self.contentResource, own, ["spec": ["volumeSnapshotRef": ["uid": uid]]])
            }
            try await report(own, in: snapshot)
        }
    }

    private func report(_ content: KubernetesObject, in snapshot: KubernetesObject) async throws {
        var status: JSONValue = ["boundVolumeSnapshotContentName": .string(content.name)]
        if content[path: "status", "readyToUse"]?.bool == true {
            status["readyToUse"] = true
            status["restoreSize"] = "2Gi"
        } else if let error = content[path: "status", "error"] {
            status["error"] = error
        }
        guard snapshot["status"] != status, !isSilent else { return }
        try await patch(Self.snapshotResource, snapshot, ["status": status], status: true)
    }

    private func makeContent(
        _ snapshot: KubernetesObject, _ claim: String, _ chosen: KubernetesObject, _ uid: String
    ) async throws {
        guard let namespace = snapshot.namespace,
            let object = try await get(.persistentVolumeClaims, namespace, claim),
            let volume = try await get(.persistentVolumes, nil, object[path: "spec", "volumeName"]?.string ?? "")
        else { return }
        let content = KubernetesObject([
            "apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotContent",
            "metadata": ["name": .string("snapcontent-\(uid)"), "finalizers": [.string(Self.finalizer)]],
            "spec": [
                "driver": .string(driver), "deletionPolicy": chosen["deletionPolicy"] ?? "Delete",
                "volumeSnapshotClassName": .string(chosen.name),
                "source": ["volumeHandle": volume[path: "spec", "csi", "volumeHandle"] ?? ""],
                "volumeSnapshotRef": [
                    "kind": "VolumeSnapshot", "namespace": .string(namespace), "name": .string(snapshot.name),
                    "uid": .string(uid),
                ],
            ],
        ])
        try await create(Self.contentResource, nil, content)
    }

    /// What a deleted snapshot leaves: its content goes too if the policy says so.
    private func collect() async throws {
        let alive = Set(
            try await list(Self.snapshotResource).compactMap { $0[path: "metadata", "uid"]?.string })
        for content in try await list(Self.contentResource)
        where content[path: "spec", "driver"]?.string == driver && content[path: "spec", "deletionPolicy"] == "Delete" {
            guard let uid = content[path: "spec", "volumeSnapshotRef", "uid"]?.string, !alive.contains(uid),
                let resource = catalog[Self.contentResource]
            else { continue }
            try await cluster.delete(resource, namespace: nil, name: content.name, options: DeleteOptions())
        }
    }

    /// Claims whose data source is a ready snapshot get a volume that holds what it holds; those without a data source an
    /// empty one, where there is a disk for it. A class that waits for the first consumer waits for a node.
    private func provision() async throws {
        for claim in try await list(.persistentVolumeClaims) {
            guard claim[path: "spec", "storageClassName"]?.string == driver,
                claim[path: "spec", "volumeName"]?.string ?? "" == "", let namespace = claim.namespace,
                try await isNodeKnown(to: claim), let held = try await content(for: claim, in: namespace)
            else { continue }
            let handle = "vol-\(claim[path: "metadata", "uid"]?.string ?? "")"
            volumes[handle] = held
            guard try await get(.persistentVolumes, nil, "pvc-\(handle)") == nil else { continue }
            var volume = Self.volume(
                "pvc-\(handle)", handle, driver, ClaimName(namespace: namespace, name: claim.name))
            if let disk {
                let directory = "\(disk.directory)/\(handle)"
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
                if !held.isEmpty { try Data(held.utf8).write(to: URL(fileURLWithPath: "\(directory)/content")) }
                volume[path: "spec", "csi"] = nil
                volume[path: "spec", "local"] = ["path": .string(directory)]
                volume[path: "spec", "nodeAffinity"] = [
                    "required": [
                        "nodeSelectorTerms": [
                            [
                                "matchExpressions": [
                                    [
                                        "key": "kubernetes.io/hostname", "operator": "In",
                                        "values": [.string(disk.node)],
                                    ]
                                ]
                            ]
                        ]
                    ]
                ]
            }
            try await create(.persistentVolumes, nil, volume)
        }
    }

    private func isNodeKnown(to claim: KubernetesObject) async throws -> Bool {
        let storageClass = try await get(.storageClasses, nil, driver)
        return storageClass?["volumeBindingMode"] != "WaitForFirstConsumer"
            || claim.annotations["volume.kubernetes.io/selected-node"] == disk?.node
    }

    /// What a new volume holds; nil when it is not known yet.
    private func content(for claim: KubernetesObject, in namespace: String) async throws -> String? {
        guard let source = claim[path: "spec", "dataSource"] else { return disk == nil ? nil : "" }
        guard source["kind"] == "VolumeSnapshot", let name = source["name"]?.string,
            let snapshot = try await get(Self.snapshotResource, namespace, name),
            snapshot[path: "status", "readyToUse"]?.bool == true,
            let content = try await get(
                Self.contentResource, nil, snapshot[path: "status", "boundVolumeSnapshotContentName"]?.string ?? "")
        else { return nil }
        return snapshots[content[path: "status", "snapshotHandle"]?.string ?? ""]
    }

    /// Volumes that nobody claims any more go, if their policy says so.
    private func reclaim() async throws {
        for volume in try await list(.persistentVolumes)
        where volume.labels["godwit-driver"] == driver && volume[path: "status", "phase"] == "Released"
            && volume[path: "spec", "persistentVolumeReclaimPolicy"] == "Delete"
        {
            guard let resource = catalog[.persistentVolumes] else { continue }
            volumes[String(volume.name.dropFirst("pvc-".count))] = nil
            if let path = volume[path: "spec", "local", "path"]?.string {
                try FileManager.default.removeItem(atPath: path)
            }
            try await cluster.delete(resource, namespace: nil, name: volume.name, options: DeleteOptions())
        }
    }

    static func volume(_ name: String, _ handle: String, _ driver: String, _ claim: ClaimName) -> KubernetesObject {
        KubernetesObject([
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": [
                "name": .string(name), "labels": ["godwit-driver": .string(driver)],
                "annotations": ["pv.kubernetes.io/provisioned-by": .string(driver)],
            ],
            "spec": [
                "capacity": ["storage": "2Gi"], "accessModes": ["ReadWriteOnce"], "storageClassName": .string(driver),
                "persistentVolumeReclaimPolicy": "Retain",
                "csi": ["driver": .string(driver), "volumeHandle": .string(handle)],
                "claimRef": ["namespace": .string(claim.namespace), "name": .string(claim.name)],
            ],
        ])
    }

    // MARK: The cluster

    func list(_ resource: GroupResource) async throws -> [KubernetesObject] {
        guard let resource = catalog[resource] else { return [] }
        var objects: [KubernetesObject] = []
        for try await batch in cluster.list(resource, namespace: nil, options: ListOptions()) {
            objects += try batch.map { try KubernetesObject(parsing: $0.bytes) }
        }
        return objects
    }

    func get(_ resource: GroupResource, _ namespace: String?, _ name: String) async throws -> KubernetesObject? {
        guard let resource = catalog[resource], !name.isEmpty else { return nil }
        return try await cluster.get(resource, namespace: namespace, name: name).map {
            try KubernetesObject(parsing: $0.bytes)
        }
    }

    func create(_ resource: GroupResource, _ namespace: String?, _ object: KubernetesObject) async throws {
        guard let resource = catalog[resource] else { return }
        _ = try await cluster.create(
            resource, namespace: namespace, object: object.serialized(), options: WriteOptions())
    }

    private func patch(
        _ resource: GroupResource, _ object: KubernetesObject, _ patch: JSONValue, status: Bool = false
    ) async throws {
        guard let resource = catalog[resource] else { return }
        _ = try await cluster.patch(
            resource, namespace: object.namespace, name: object.name, patch: Patch(.merge, patch.serialized()),
            subresource: status ? "status" : nil, options: WriteOptions())
    }
}
