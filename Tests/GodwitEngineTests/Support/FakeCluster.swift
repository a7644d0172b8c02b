import GodwitModel
import KubernetesClient
import Synchronization

/// A cluster in memory with the manners of an API server that a restore meets.
final class FakeCluster: Cluster {
    /// One call that changes or reads something.
    struct Call: Sendable, Hashable {
        let verb: String
        let object: ItemIdentity
        let isDryRun: Bool
    }

    struct State {
        var objects: [ItemIdentity: JSONValue] = [:]
        var resources: [APIResource]
        var calls: [Call] = []
        var counter = 0
        /// Reads of a CRD until it is established, for all CRDs created from now on.
        var readsUntilEstablished = 0
        var pendingDefinitions: [String: Int] = [:]
        /// Discoveries until an established CRD is served.
        var discoveriesUntilServed = 0
        var pendingResources: [(APIResource, Int)] = []
        /// Reads of an object that is being deleted until it is gone.
        var readsUntilGone: [ItemIdentity: Int] = [:]
        /// Objects that take so many reads to go when they are deleted.
        var slowToGo: [ItemIdentity: Int] = [:]
        var underWay = 0
        var mostUnderWay = 0
    }

    private let state: Mutex<State>
    let description = "fake"
    let capabilities: ClusterCapabilities
    /// Called before each call; what it throws is what the call throws.
    let before: @Sendable (Call) async throws -> Void

    init(
        resources: [APIResource] = FakeResources.builtIn,
        capabilities: ClusterCapabilities = ClusterCapabilities(dryRun: true, controlPlane: true),
        before: @escaping @Sendable (Call) async throws -> Void = { _ in }
    ) {
        state = Mutex(State(resources: resources))
        self.capabilities = capabilities
        self.before = before
        for name in ["default", "kube-system"] { seed(Fixture.object("v1", "Namespace", nil, name)) }
    }

    /// Looks into the state, or changes it behind the engine's back.
    func with<Value>(_ body: (inout sending State) throws -> sending Value) rethrows -> sending Value {
        try state.withLock(body)
    }

    /// Puts an object there.
    func seed(_ object: JSONValue) {
        state.withLock { state in
            guard let identity = state.identity(of: object) else { return }
            state.objects[identity] = state.stored(object)
        }
    }

    subscript(_ text: String) -> JSONValue? { state.withLock { $0.objects[Fixture.identity(text)] } }

    var calls: [Call] { state.withLock { $0.calls } }
    /// Calls that really changed something.
    var writes: [Call] { calls.filter { !$0.isDryRun && !["get", "discover", "version"].contains($0.verb) } }
    /// All objects but the namespaces that every cluster has.
    var names: Set<String> {
        state.withLock { Set($0.objects.keys.map(\.description)) }.subtracting([
            "namespaces/default", "namespaces/kube-system",
        ])
    }

    private func begin(_ verb: String, _ identity: ItemIdentity, isDryRun: Bool = false) async throws {
        let call = Call(verb: verb, object: identity, isDryRun: isDryRun)
        state.withLock { state in
            state.calls.append(call)
            state.underWay += 1
            state.mostUnderWay = max(state.mostUnderWay, state.underWay)
        }
        defer { state.withLock { $0.underWay -= 1 } }
        try await before(call)
    }

    private func error(_ kind: ClusterError.Kind, _ identity: ItemIdentity, _ reason: String? = nil) -> ClusterError {
        ClusterError(kind, operation: "touch \(identity)", cluster: description, reason: reason)
    }

    func version() async throws -> ServerVersion {
        try await begin("version", ItemIdentity(resource: .namespaces, namespace: nil, name: ""))
        return ServerVersion(major: "1", minor: "29", gitVersion: "v1.29.0")
    }

    func discover() async throws -> APIResourceCatalog {
        try await begin("discover", ItemIdentity(resource: .namespaces, namespace: nil, name: ""))
        return state.withLock { state in
            let pending = state.pendingResources
            state.pendingResources = []
            for (resource, left) in pending {
                if left <= 0 {
                    state.resources.append(resource)
                } else {
                    state.pendingResources.append((resource, left - 1))
                }
            }
            return APIResourceCatalog(state.resources)
        }
    }

    func list(_ resource: APIResource, namespace: String?, options: ListOptions) -> ItemStream {
        let isGiven = Mutex(false)
        return ItemStream { [self] in
            let isLast = isGiven.withLock { isGiven in
                defer { isGiven = true }
                return isGiven
            }
            guard !isLast else { return nil }
            let found = state.withLock { $0.objects }.filter { identity, _ in
                identity.resource == resource.groupResource && (namespace == nil || identity.namespace == namespace)
            }
            return try found.sorted { $0.key < $1.key }.map { try Self.item($0.value, resource) }
        }
    }

    func get(_ resource: APIResource, namespace: String?, name: String) async throws -> Item? {
        let identity = ItemIdentity(resource: resource.groupResource, namespace: namespace, name: name)
        try await begin("get", identity)
        return try state.withLock { state in
            if let left = state.readsUntilGone[identity] {
                state.readsUntilGone[identity] = left - 1
                if left <= 0 { state.remove(identity) }
            }
            if let left = state.pendingDefinitions[name], identity.resource == .customResourceDefinitions {
                state.pendingDefinitions[name] = left - 1
                if left <= 0 { state.establish(name) }
            }
            return try state.objects[identity].map { try Self.item($0, resource) }
        }
    }

    func create(
        _ resource: APIResource, namespace: String?, object: [UInt8], options: WriteOptions
    ) async throws -> Item {
        let value = try JSONValue(parsing: object)
        let name = value[path: "metadata", "name"]?.string ?? ""
        let identity = ItemIdentity(resource: resource.groupResource, namespace: namespace, name: name)
        try await begin("create", identity, isDryRun: options.isDryRun)
        return try state.withLock { state in
            guard
                state.resources.contains(where: {
                    $0.groupVersion == resource.groupVersion && $0.plural == resource.plural
                })
            else { throw error(.notFound, identity, "not served") }
            guard value["apiVersion"]?.string == resource.groupVersion.description else {
                throw error(.invalid, identity, "apiVersion does not match")
            }
            if let namespace {
                let place = ItemIdentity(resource: .namespaces, namespace: nil, name: namespace)
                guard let found = state.objects[place] else { throw error(.notFound, identity, "no namespace") }
                guard found[path: "metadata", "deletionTimestamp"] == nil else {
                    throw error(.namespaceTerminating, identity)
                }
            }
            guard state.objects[identity] == nil else { throw error(.alreadyExists, identity) }
            var stored = state.stored(value)
            stored["status"] = nil
            guard !options.isDryRun else { return try Self.item(stored, resource) }
            state.objects[identity] = stored
            if identity.resource == .customResourceDefinitions {
                state.pendingDefinitions[name] = state.readsUntilEstablished
            }
            return try Self.item(stored, resource)
        }
    }

    func update(
        _ resource: APIResource, namespace: String?, name: String, object: [UInt8], subresource: String?,
        options: WriteOptions
    ) async throws -> Item {
        throw error(
            .unsupported, ItemIdentity(resource: resource.groupResource, namespace: namespace, name: name))
    }

    func patch(
        _ resource: APIResource, namespace: String?, name: String, patch: Patch, subresource: String?,
        options: WriteOptions
    ) async throws -> Item {
        let identity = ItemIdentity(resource: resource.groupResource, namespace: namespace, name: name)
        try await begin(subresource.map { "patch \($0)" } ?? "patch", identity, isDryRun: options.isDryRun)
        return try state.withLock { state in
            guard let before = state.objects[identity] else { throw error(.notFound, identity) }
            var after = JSONMergePatch.apply(try JSONValue(parsing: patch.body), to: before)
            if subresource == "status" {
                let status = after["status"]
                after = before
                after["status"] = status
            } else {
                after["status"] = before["status"]
            }
            if !options.isDryRun { state.objects[identity] = after }
            return try Self.item(after, resource)
        }
    }

    func delete(
        _ resource: APIResource, namespace: String?, name: String, options: DeleteOptions
    ) async throws {
        let identity = ItemIdentity(resource: resource.groupResource, namespace: namespace, name: name)
        try await begin("delete", identity, isDryRun: options.isDryRun)
        try state.withLock { state in
            guard let object = state.objects[identity] else { throw error(.notFound, identity) }
            if let uid = options.uid, object[path: "metadata", "uid"]?.string != uid {
                throw error(.conflict, identity)
            }
            guard !options.isDryRun else { return }
            if let reads = state.slowToGo[identity] {
                state.terminate(identity, reads: reads)
            } else {
                state.remove(identity)
            }
        }
    }

    func watch(_ resource: APIResource, namespace: String?, options: WatchOptions) -> WatchStream {
        WatchStream { nil }
    }

    private static func item(_ value: JSONValue, _ resource: APIResource) throws -> Item {
        let bytes = value.serialized()
        return Item(bytes: bytes, metadata: try ItemMetadata(scanning: bytes), resource: resource.groupResource)
    }
}

extension FakeCluster.State {
    func identity(of object: JSONValue) -> ItemIdentity? {
        let object = KubernetesObject(object)
        return resources.first { $0.kind == object.kind }.map {
            ItemIdentity(resource: $0.groupResource, namespace: object.namespace, name: object.name)
        }
    }

    /// What the server adds to an object.
    mutating func stored(_ value: JSONValue) -> JSONValue {
        counter += 1
        var value = value
        value[path: "metadata", "uid"] = .string("uid-\(counter)")
        value[path: "metadata", "resourceVersion"] = .string("\(counter)")
        value[path: "metadata", "creationTimestamp"] = "2026-01-01T00:00:00Z"
        return value
    }

    mutating func remove(_ identity: ItemIdentity) {
        objects[identity] = nil
        readsUntilGone[identity] = nil
        guard identity.resource == .namespaces else { return }
        for key in objects.keys where key.namespace == identity.name { objects[key] = nil }
    }

    mutating func terminate(_ identity: ItemIdentity, reads: Int) {
        objects[identity]?[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        readsUntilGone[identity] = reads
    }

    mutating func establish(_ name: String) {
        pendingDefinitions[name] = nil
        let identity = ItemIdentity(resource: .customResourceDefinitions, namespace: nil, name: name)
        objects[identity]?["status"] = [
            "conditions": [
                ["type": "NamesAccepted", "status": "True"], ["type": "Established", "status": "True"],
            ]
        ]
        guard let spec = objects[identity]?["spec"] else { return }
        let group = spec["group"]?.string ?? ""
        for version in spec["versions"]?.array ?? [] {
            let resource = APIResource(
                groupVersion: GroupVersion(group: group, version: version["name"]?.string ?? ""),
                plural: spec[path: "names", "plural"]?.string ?? "", kind: spec[path: "names", "kind"]?.string ?? "",
                isNamespaced: spec["scope"]?.string == "Namespaced", verbs: ["create"])
            pendingResources.append((resource, discoveriesUntilServed))
        }
    }
}

/// What a fake cluster serves.
enum FakeResources {
    static func resource(
        _ apiVersion: String, _ plural: String, _ kind: String, namespaced: Bool = true
    ) -> APIResource {
        APIResource(
            groupVersion: GroupVersion(apiVersion: apiVersion), plural: plural, singular: kind.lowercased(), kind: kind,
            isNamespaced: namespaced, verbs: ["create", "get", "list"])
    }

    static let builtIn = [
        resource("v1", "namespaces", "Namespace", namespaced: false),
        resource("v1", "configmaps", "ConfigMap"),
        resource("v1", "secrets", "Secret"),
        resource("v1", "serviceaccounts", "ServiceAccount"),
        resource("v1", "services", "Service"),
        resource("v1", "pods", "Pod"),
        resource("v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
        resource("v1", "persistentvolumes", "PersistentVolume", namespaced: false),
        resource("apps/v1", "deployments", "Deployment"),
        resource("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
        resource("autoscaling/v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
        resource("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole", namespaced: false),
        resource("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", namespaced: false),
        resource("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false),
    ]
}
