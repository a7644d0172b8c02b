import CSISnapshotter
import Foundation
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import ProgramTestKit
import Synchronization
import Testing

/// A namespace of the testbed with a driver of its own that ``DriverPlayer`` plays, and the snapshot API beside it.
struct CSISite {
    static let isThere = value("SOURCE_KUBECONFIG") != nil && value("KUBECTL") != nil

    static func value(_ name: String) -> String? { ProcessInfo.processInfo.environment["GODWIT_TEST_\(name)"] }

    enum Side: String, CaseIterable {
        case source = "SOURCE"
        case destination = "DESTINATION"

        var kubeconfig: String { CSISite.value("\(rawValue)_KUBECONFIG") ?? "" }

        func cluster() throws -> KubernetesCluster {
            try KubernetesCluster(
                connecting: ClusterConfiguration.load(kubeconfigPath: kubeconfig, context: nil, environment: [:]))
        }
    }

    let workspace: Workspace
    let suffix: String
    let namespace: String
    let driver: String
    let player: DriverPlayer
    let snapshotter: CSISnapshotter

    private init(_ side: Side) async throws {
        workspace = try Workspace()
        suffix = UUID().uuidString.prefix(8).lowercased()
        namespace = "csi-\(suffix)"
        driver = "csi-\(suffix).example.com"
        try await Self.definitions.value
        let cluster = try side.cluster()
        player = DriverPlayer(driver: driver, cluster: cluster, catalog: try await cluster.discover())
        snapshotter = CSISnapshotter(cluster: ClusterObjects(description: "the testbed") { cluster })
        try await kubectl(.source, "create", "namespace", namespace)
    }

    /// Runs a test with a site of its own, and cleans up.
    static func with(_ body: (CSISite) async throws -> Void) async throws {
        let site = try await CSISite(.source)
        await site.player.start()
        let result: Result<Void, any Error>
        do {
            try await body(site)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        // Its finalizers need the driver.
        await site.player.sleep(false)
        for side in Side.allCases {
            try await site.kubectl(
                side, "delete", "namespace", site.namespace, "\(site.namespace)-2", "--ignore-not-found", "--wait=false"
            )
            try await site.kubectl(
                side, "delete", "pv", "-l", "godwit-driver=\(site.driver)", "--ignore-not-found", "--wait=false")
            try await site.kubectl(
                side, "delete", "volumesnapshotclasses,storageclasses", "-l", "godwit-test=\(site.suffix)",
                "--ignore-not-found")
        }
        for content in try await site.contents(.source) {
            try await site.kubectl(.source, "delete", "volumesnapshotcontent", content.name, "--wait=false")
        }
        try await Task.sleep(for: .milliseconds(500))
        await site.player.stop()
        try result.get()
    }

    /// The snapshot API in both clusters: made once, since two that apply the same at the same time get in each other's way.
    private static let definitions = Task {
        let workspace = try Workspace()
        let file = try workspace.write(SnapshotDefinitions.yaml, to: "definitions.yaml")
        for side in Side.allCases {
            try await kubectl(workspace, side, "apply", "-f", file)
            try await kubectl(
                workspace, side,
                ["wait", "--for=condition=established", "--timeout=60s"]
                    + SnapshotDefinitions.names.map { "crd/\($0)" })
        }
    }

    @discardableResult
    private static func kubectl(_ workspace: Workspace, _ side: Side, _ arguments: [String]) async throws -> String {
        let run = try await workspace.start(
            program: value("KUBECTL") ?? "kubectl", ["--kubeconfig", side.kubeconfig] + arguments
        ).wait()
        try #require(run.status == 0, "\(run)")
        return run.output
    }

    @discardableResult
    private static func kubectl(_ workspace: Workspace, _ side: Side, _ arguments: String...) async throws -> String {
        try await kubectl(workspace, side, arguments)
    }

    @discardableResult
    func kubectl(_ side: Side, _ arguments: String...) async throws -> String {
        try await Self.kubectl(workspace, side, arguments)
    }

    /// Makes a class of the driver.
    func makeClass(
        _ name: String, policy: String = "Delete", labels: [String: String] = [:],
        annotations: [String: String] = [:], driver: String? = nil, on side: Side = .source
    ) async throws {
        var object = KubernetesObject([
            "apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotClass",
            "metadata": ["name": .string("\(name)-\(suffix)")], "driver": .string(driver ?? self.driver),
            "deletionPolicy": .string(policy),
        ])
        object.labels = labels.merging(["godwit-test": suffix]) { own, _ in own }
        object.annotations = annotations
        let file = try workspace.write(
            String(decoding: object.serialized(), as: UTF8.self), to: "class-\(UUID().uuidString).json")
        try await kubectl(side, "create", "-f", file)
    }

    /// Makes the storage class of the driver's claims.
    func makeStorageClass(binding: String) async throws {
        var object = KubernetesObject([
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": ["name": .string(driver)],
            "provisioner": .string(driver), "volumeBindingMode": .string(binding), "reclaimPolicy": "Retain",
        ])
        object.labels = ["godwit-test": suffix]
        let file = try workspace.write(
            String(decoding: object.serialized(), as: UTF8.self), to: "storage-class-\(UUID().uuidString).json")
        try await kubectl(.source, "create", "-f", file)
    }

    /// A bound claim whose volume holds a text.
    func makeClaim(_ name: String, holding text: String) async throws -> ClaimName {
        let handle = "vol-\(name)-\(suffix)"
        await player.write(text, to: handle)
        let claim = ClaimName(namespace: namespace, name: name)
        try await player.create(
            .persistentVolumes, nil, DriverPlayer.volume("pv-\(name)-\(suffix)", handle, driver, claim))
        let object = KubernetesObject([
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "storageClassName": .string(driver),
                "volumeName": .string("pv-\(name)-\(suffix)"), "resources": ["requests": ["storage": "1Gi"]],
            ],
        ])
        try await player.create(.persistentVolumeClaims, namespace, object)
        try await eventually("claim \(name) is bound") {
            try await self.object(of: claim)[path: "status", "phase"] == "Bound"
        }
        return claim
    }

    func object(of claim: ClaimName, on side: Side = .source) async throws -> KubernetesObject {
        let text = try await kubectl(side, "get", "pvc", claim.name, "-n", claim.namespace, "-o", "json")
        return try KubernetesObject(parsing: Array(text.utf8))
    }

    func volume(of claim: ClaimName, on side: Side = .source) async throws -> KubernetesObject {
        let name = try await object(of: claim, on: side)[path: "spec", "volumeName"]?.string ?? ""
        let text = try await kubectl(side, "get", "pv", name, "-o", "json")
        return try KubernetesObject(parsing: Array(text.utf8))
    }

    /// What the volume of a claim holds, once it is bound.
    func content(of claim: ClaimName) async throws -> String? {
        try await eventually("claim \(claim) is bound") {
            try await object(of: claim)[path: "status", "phase"] == "Bound"
        }
        let handle = try await volume(of: claim)[path: "spec", "csi", "volumeHandle"]?.string ?? ""
        return await player.volumes[handle]
    }

    /// The objects that stand for snapshots of the driver.
    func contents(_ side: Side) async throws -> [KubernetesObject] {
        let text = try await kubectl(side, "get", "volumesnapshotcontents", "-o", "json")
        let items = try JSONValue(parsing: text)["items"]?.array ?? []
        return items.map { KubernetesObject($0) }.filter { $0[path: "spec", "driver"]?.string == driver }
    }

    /// Whether the cluster holds no objects that stand for snapshots.
    func hasNoObjects() async throws -> Bool {
        let (names, contents) = (try await snapshotNames(), try await contents(.source))
        return names.isEmpty && contents.isEmpty
    }

    func snapshotNames(in namespace: String? = nil) async throws -> [String] {
        try await kubectl(.source, "get", "volumesnapshots", "-n", namespace ?? self.namespace, "-o", "name")
            .split(separator: "\n").map(String.init)
    }
}

/// Asks again until the answer is yes.
func eventually(_ what: Comment, _ question: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(180)
    while try await !question() {
        try #require(ContinuousClock.now < end, what)
        try await Task.sleep(for: .milliseconds(200))
    }
}
