import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Synchronization

@testable import GodwitEngine

/// Objects for tests.
enum Fixture {
    static func object(
        _ apiVersion: String, _ kind: String, _ namespace: String?, _ name: String, labels: [String: String] = [:],
        _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        var object = KubernetesObject(["apiVersion": .string(apiVersion), "kind": .string(kind)])
        for (key, value) in more { object[key] = value }
        object.name = name
        object.namespace = namespace
        if !labels.isEmpty { object.labels = labels }
        return object.value
    }

    static func configMap(
        _ namespace: String, _ name: String, labels: [String: String] = [:], data: [String: JSONValue] = ["a": "1"]
    ) -> JSONValue {
        object("v1", "ConfigMap", namespace, name, labels: labels, ["data": .object(data)])
    }

    static func namespace(
        _ name: String, labels: [String: String] = [:], annotations: [String: JSONValue] = [:]
    ) -> JSONValue {
        var value = object("v1", "Namespace", nil, name, labels: labels, ["spec": ["finalizers": ["kubernetes"]]])
        if !annotations.isEmpty { value[path: "metadata", "annotations"] = .object(annotations) }
        return value
    }

    static func definition(_ plural: String, group: String, kind: String) -> JSONValue {
        object(
            "apiextensions.k8s.io/v1", "CustomResourceDefinition", nil, "\(plural).\(group)",
            [
                "spec": [
                    "group": .string(group), "scope": "Namespaced",
                    "names": ["plural": .string(plural), "kind": .string(kind)], "versions": [["name": "v1"]],
                ]
            ])
    }

    /// `plural.group/namespace/name` or `plural.group/name`.
    static func identity(_ text: String) -> ItemIdentity {
        let parts = text.split(separator: "/").map(String.init)
        return ItemIdentity(
            resource: GroupResource(parsing: parts[0]), namespace: parts.count > 2 ? parts[1] : nil,
            name: parts[parts.count - 1])
    }
}

/// An action made of a closure.
struct TestAction: RestoreItemAction {
    var name = "test/action"
    var appliesTo = ResourceSelector()
    let body: @Sendable (KubernetesObject, KubernetesObject, any RestoreContext) async throws -> RestoreItemOutcome

    func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        try await body(item, original, context)
    }
}

/// A restore from memory into memory, and what it told.
struct RestoreRig: Sendable {
    var cluster: FakeCluster
    var contents: FakeContents
    var spec = RestoreSpec(backupName: "nightly")
    var fixes: [any RestoreItemAction] = []
    var transformers: [any RestoreItemAction] = []
    var isDryRun = false
    var concurrency = 8
    var timeout = Duration.seconds(30)
    var volumes: VolumeRestoreSettings?

    init(_ objects: [JSONValue], cluster: FakeCluster = FakeCluster(), damaged: Set<String> = []) {
        self.cluster = cluster
        contents = FakeContents(objects, damaged: damaged)
    }

    init(_ contents: FakeContents, cluster: FakeCluster = FakeCluster()) {
        self.cluster = cluster
        self.contents = contents
    }

    func prepare() async throws -> PreparedRestore {
        var request = RestoreRequest(
            restore: Restore(name: "again", spec: spec), contents: contents, cluster: cluster, fixes: fixes,
            transformers: transformers)
        request.isDryRun = isDryRun
        request.concurrency = concurrency
        request.resourceTimeout = timeout
        request.volumes = volumes
        return try await RestorePlanner(request).prepare()
    }

    struct Result: Sendable {
        let report: RestoreReport
        let outcomes: [String: ItemOutcome]
        let lines: Int
        let error: (any Error)?

        /// The action of an item, with its reason.
        func action(_ item: String) -> ItemOutcome.Action? { outcomes[item]?.action }
    }

    /// Runs, and keeps the error that ended the run.
    func run() async throws -> Result {
        let executor = RestoreExecutor(try await prepare(), observer: { _ in })
        let outcomes = Mutex<[ItemOutcome]>([])
        let recorder = executor.makeRecorder { outcome in outcomes.withLock { $0.append(outcome) } }
        var failure: (any Error)?
        do { try await executor.run(recorder) } catch { failure = error }
        let all = outcomes.withLock { $0 }
        return Result(
            report: recorder.report(), outcomes: Dictionary(all.map { ("\($0.item)", $0) }) { _, last in last },
            lines: all.count, error: failure)
    }
}
