import Foundation
import GodwitModel
import KubernetesClient
import ProgramTestKit
import Testing

/// Two namespaces of the source cluster, and objects outside, with everything that Kubernetes has: what the tests of the
/// round trip share. Made before the first of them, removed from both clusters after the last.
struct World {
    let run: String
    let site: Site
    let source: KubernetesCluster
    let destination: KubernetesCluster
    /// The source as it was when it had come to rest.
    let original: Snapshot

    var a: String { "rt-\(run)-a" }
    var b: String { "rt-\(run)-b" }
    var label: LabelSelector { LabelSelector([.isIn(key: "godwit-test", values: [run])]) }
    /// The name of the backup of everything.
    let backup = "everything"

    @TaskLocal static var shared: World?

    static func current() throws -> World { try #require(shared) }

    func snapshot(_ side: Testbed.Side, namespaces: [String]? = nil) async throws -> Snapshot {
        try await Snapshot.take(
            side == .source ? source : destination, namespaces: namespaces ?? [a, b], label: label)
    }
}

/// Makes the world for a suite.
struct WorldTrait: SuiteTrait, TestScoping {
    let isRecursive = false

    func provideScope(
        for test: Test, testCase: Test.Case?, performing work: @Sendable () async throws -> Void
    ) async throws {
        let run = Testbed.suffix()
        let builder = WorldBuilder(
            run: run, site: try Site("world"), source: try Testbed.cluster(.source),
            destination: try Testbed.cluster(.destination))
        try await ensuring {
            let world = try await builder.make()
            try await World.$shared.withValue(world) { try await work() }
        } afterwards: {
            try await builder.remove()
        }
    }
}

extension Trait where Self == WorldTrait {
    /// The suite shares one ``World``.
    static var world: WorldTrait { WorldTrait() }
}

/// Makes and removes a ``World``.
struct WorldBuilder {
    let run: String
    let site: Site
    let source: KubernetesCluster
    let destination: KubernetesCluster

    private var a: String { "rt-\(run)-a" }
    private var b: String { "rt-\(run)-b" }

    /// A name of 253 characters with every character that a name may have.
    static let longName: String = {
        let alphabet = "abcdefghijklmnopqrstuvwxyz-0123456789"
        let text = (0..<6).map { _ in alphabet }.joined(separator: ".")
        return text + ".end" + String(repeating: "0", count: 253 - text.count - 4)
    }()

    func make() async throws -> World {
        try await apply("definitions")
        try await site.kubectl(
            .source, "wait", "--for=condition=established", "--timeout=30s", "crd", "-l", "godwit-test=\(run)")
        try await apply("cluster")
        try await apply("namespaced")
        try await createByHand()
        try await comeToRest()
        let original = try await snapshot()
        let world = World(run: run, site: site, source: source, destination: destination, original: original)
        let backup = try await site.backUp(
            world.backup, "--include-namespaces", "\(a),\(b)", "--include-cluster-resources")
        #expect(backup[path: "status", "phase"] == "Completed")
        return world
    }

    private func snapshot() async throws -> Snapshot {
        try await Snapshot.take(
            source, namespaces: [a, b], label: LabelSelector([.isIn(key: "godwit-test", values: [run])]))
    }

    private func apply(_ fixture: String) async throws {
        let path = Checkout.path("Tests/IntegrationTests/Fixtures/\(fixture).yaml")
        var text = try String(contentsOfFile: path, encoding: .utf8)
        for (mark, value) in [("@A@", a), ("@B@", b), ("@RUN@", run), ("@LONG@", Self.longName)] {
            text = text.replacingOccurrences(of: mark, with: value)
        }
        try await site.kubectl(.source, "create", "-f", site.workspace.write(text, to: "\(fixture).yaml"))
    }

    /// What a manifest cannot say well: sizes, bytes, and uids.
    private func createByHand() async throws {
        let noise = Noise.base64(1 << 20)
        try await create(
            "secrets",
            [
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "a-mebibyte", "namespace": .string(a)],
                "type": "Opaque", "data": ["noise": .string(noise)],
            ])
        let widgets = try #require(try await source.discover()[GroupResource(parsing: "widgets.w\(run).example.com")])
        let owner = try #require(try await source.get(widgets, namespace: a, name: "first"))
        try await create(
            "configmaps",
            [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": [
                    "name": "owned", "namespace": .string(a),
                    "ownerReferences": [
                        [
                            "apiVersion": .string(owner.metadata.apiVersion), "kind": "Widget", "name": "first",
                            "uid": .string(owner.metadata.uid), "blockOwnerDeletion": true,
                        ]
                    ],
                ],
                "binaryData": ["every-byte": .string(Data((0...255).map { UInt8($0) }).base64EncodedString())],
            ])
    }

    private func create(_ resource: String, _ object: JSONValue) async throws {
        let resource = try #require(try await source.discover()[GroupResource(parsing: resource)])
        _ = try await source.create(resource, namespace: a, object: object.serialized(), options: WriteOptions())
    }

    /// Waits until the controllers have done what they do.
    private func comeToRest() async throws {
        var before: [String: String] = [:]
        try await eventually("the controllers of the source come to rest") {
            let snapshot = try await snapshot()
            let pods = snapshot.generated.filter { $0.key.hasPrefix("pods ") }.values.map(\.count).reduce(0, +)
            let claim = snapshot.named[
                ItemIdentity(resource: .persistentVolumeClaims, namespace: a, name: "data")]
            let isStill = snapshot.versions == before
            before = snapshot.versions
            if !isStill { try await Task.sleep(for: .seconds(1)) }
            return isStill && pods == 6 && claim?[path: "status", "phase"] == "Bound"
        }
    }

    func remove() async throws {
        for side in [Testbed.Side.source, .destination] {
            try? await Self.release(site, side, label: "godwit-test=\(run)")
        }
        // What other tests had outside namespaces came along.
        try? await Self.release(site, .destination, label: "velero.io/restore-name=first-\(run)")
        try await site.cleanUp()
    }

    /// Removes namespaces and cluster-scoped objects with a label, without waiting for all of it.
    static func release(_ site: Site, _ side: Testbed.Side, label: String) async throws {
        let script = """
            k() { "$KUBECTL" --kubeconfig "$FILE" "$@"; }
            for namespace in $(k get namespaces -l "$LABEL" -o name | cut -d/ -f2); do
                for held in $(k get configmaps -n $namespace \
                        -o jsonpath='{range .items[?(@.metadata.finalizers)]}{.metadata.name} {end}'); do
                    k patch configmap $held -n $namespace --type=merge -p '{"metadata":{"finalizers":null}}'
                done
            done
            kinds=$(k api-resources --namespaced=false --verbs=list,delete -o name | paste -sd,)
            k delete "$kinds" -l "$LABEL" --ignore-not-found --wait=false
            """
        let run = try await site.workspace.bash(
            script,
            environment: ["KUBECTL": Testbed.value("KUBECTL"), "FILE": side.kubeconfig, "LABEL": label])
        if run.status != 0 { Issue.record("\(run)") }
    }
}
