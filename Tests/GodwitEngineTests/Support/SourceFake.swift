import GodwitModel
import KubernetesClient
import Synchronization

/// A cluster in memory that can be read, and made to fail.
final class SourceFake: Cluster {
    struct Resource {
        let api: APIResource
        var objects: [Item] = []
    }

    let description = "fake://source"
    let capabilities = ClusterCapabilities(dryRun: false, controlPlane: true)
    let resources: Mutex<[GroupResource: Resource]>
    let pageSize: Int
    /// Called with `list secrets` or `get secrets/shop/db` before each answer.
    let fault: @Sendable (String) async throws -> Void
    private let log = Mutex<[String]>([])

    init(
        _ resources: [APIResource], pageSize: Int = 100,
        fault: @escaping @Sendable (String) async throws -> Void = { _ in }
    ) {
        self.resources = Mutex(
            Dictionary(resources.map { ($0.groupResource, Resource(api: $0)) }, uniquingKeysWith: { first, _ in first })
        )
        self.pageSize = pageSize
        self.fault = fault
    }

    var calls: [String] { log.withLock { $0 } }

    /// Adds an object, given as JSON text without apiVersion, kind and metadata's name and namespace.
    func add(
        _ resource: String, _ namespace: String? = nil, _ name: String, labels: [String: String] = [:],
        _ body: JSONValue = [:], metadata: JSONValue = [:]
    ) {
        let key = GroupResource(parsing: resource)
        resources.withLock { resources in
            let api = resources[key]!.api
            var object = body
            object["apiVersion"] = .string(api.groupVersion.description)
            object["kind"] = .string(api.kind)
            var all = metadata
            all["name"] = .string(name)
            if let namespace { all["namespace"] = .string(namespace) }
            all["uid"] = .string("uid-\(resource)-\(namespace ?? "")-\(name)")
            if !labels.isEmpty { all["labels"] = .object(labels.mapValues { .string($0) }) }
            object["metadata"] = all
            let bytes = object.serialized()
            let item = Item(bytes: bytes, metadata: try! ItemMetadata(scanning: bytes), resource: key)
            resources[key]!.objects.append(item)
            resources[key]!.objects.sort { $0.identity < $1.identity }
        }
    }

    func version() async throws -> ServerVersion { ServerVersion(major: "1", minor: "30", gitVersion: "v1.30.1") }

    func discover() async throws -> APIResourceCatalog {
        resources.withLock { resources in
            APIResourceCatalog(resources.values.map(\.api).sorted { $0.groupResource < $1.groupResource })
        }
    }

    func list(_ resource: APIResource, namespace: String?, options: ListOptions) -> ItemStream {
        let operation = "list \(resource.groupResource)\(namespace.map { "/\($0)" } ?? "")"
        log.withLock { $0.append(operation) }
        let items = resources.withLock { $0[resource.groupResource]?.objects ?? [] }.filter { item in
            (namespace == nil || item.metadata.namespace == namespace)
                && (options.labelSelector?.matches(item.metadata.labels) ?? true)
        }
        let rest = Mutex(items[...])
        let fault = fault
        let size = pageSize
        return ItemStream {
            try await fault(operation)
            return rest.withLock { rest in
                let page = Array(rest.prefix(size))
                rest = rest.dropFirst(size)
                return page.isEmpty ? nil : page
            }
        }
    }

    func get(_ resource: APIResource, namespace: String?, name: String) async throws -> Item? {
        let identity = ItemIdentity(resource: resource.groupResource, namespace: namespace, name: name)
        log.withLock { $0.append("get \(identity)") }
        try await fault("get \(identity)")
        return resources.withLock { $0[resource.groupResource]?.objects.first { $0.identity == identity } }
    }

    func create(
        _ resource: APIResource, namespace: String?, object: [UInt8], options: WriteOptions
    ) async throws -> Item { throw unsupported("create") }

    func update(
        _ resource: APIResource, namespace: String?, name: String, object: [UInt8], subresource: String?,
        options: WriteOptions
    ) async throws -> Item { throw unsupported("update") }

    func patch(
        _ resource: APIResource, namespace: String?, name: String, patch: Patch, subresource: String?,
        options: WriteOptions
    ) async throws -> Item { throw unsupported("patch") }

    func delete(_ resource: APIResource, namespace: String?, name: String, options: DeleteOptions) async throws {
        throw unsupported("delete")
    }

    func watch(_ resource: APIResource, namespace: String?, options: WatchOptions) -> WatchStream {
        WatchStream { throw self.unsupported("watch") }
    }

    private func unsupported(_ operation: String) -> ClusterError {
        ClusterError(.unsupported, operation: operation, cluster: description)
    }
}

extension APIResource {
    /// A resource with the verbs that a backup needs, from `secrets` or `deployments.apps`.
    static func fake(
        _ name: String, _ kind: String, version: String = "v1", namespaced: Bool = true,
        verbs: Set<String> = ["get", "list", "create", "delete", "patch", "watch", "update"], short: [String] = []
    ) -> APIResource {
        let resource = GroupResource(parsing: name)
        return APIResource(
            groupVersion: GroupVersion(group: resource.group, version: version), plural: resource.resource,
            singular: kind.lowercased(), kind: kind, isNamespaced: namespaced, verbs: verbs, shortNames: short)
    }
}

extension SourceFake {
    static let standardResources: [APIResource] = [
        .fake("pods", "Pod", short: ["po"]), .fake("secrets", "Secret"), .fake("configmaps", "ConfigMap"),
        .fake("namespaces", "Namespace", namespaced: false), .fake("events", "Event"),
        .fake("events.events.k8s.io", "Event"), .fake("persistentvolumes", "PersistentVolume", namespaced: false),
        .fake("persistentvolumeclaims", "PersistentVolumeClaim"), .fake("serviceaccounts", "ServiceAccount"),
        .fake("deployments.apps", "Deployment"), .fake("ingresses.networking.k8s.io", "Ingress"),
        .fake("ingresses.extensions", "Ingress", version: "v1beta1"),
        .fake("clusterroles.rbac.authorization.k8s.io", "ClusterRole", namespaced: false),
        .fake(
            "customresourcedefinitions.apiextensions.k8s.io", "CustomResourceDefinition", namespaced: false),
        .fake("widgets.example.com", "Widget"), .fake("pods.metrics.k8s.io", "PodMetrics", verbs: ["get", "list"]),
    ]

    /// Two namespaces with a bit of everything.
    static func shop(fault: @escaping @Sendable (String) async throws -> Void = { _ in }) -> SourceFake {
        let source = SourceFake(standardResources, fault: fault)
        for namespace in ["shop", "blog"] {
            source.add("namespaces", nil, namespace, labels: ["name": namespace])
            source.add("secrets", namespace, "db", labels: ["app": namespace], ["data": ["password": "c2VjcmV0"]])
            source.add("configmaps", namespace, "settings", ["data": ["text": "grün ✓ \"quoted\""]])
            source.add("serviceaccounts", namespace, "default")
            source.add("deployments.apps", namespace, "web", labels: ["app": namespace], ["spec": ["replicas": 2]])
            source.add("pods", namespace, "web-0", labels: ["app": namespace])
            source.add("ingresses.networking.k8s.io", namespace, "front")
            source.add("ingresses.extensions", namespace, "front")
            source.add("events", namespace, "started")
            source.add("events.events.k8s.io", namespace, "started")
        }
        source.add("persistentvolumes", nil, "pv-1")
        source.add("persistentvolumes", nil, "pv-2")
        source.add("persistentvolumeclaims", "shop", "data", ["spec": ["volumeName": "pv-1"]])
        source.add("clusterroles.rbac.authorization.k8s.io", nil, "system:controller:odd,name")
        source.add("customresourcedefinitions.apiextensions.k8s.io", nil, "widgets.example.com")
        source.add("widgets.example.com", "shop", "one")
        return source
    }
}
