import GodwitModel
import KubernetesClient

/// Sees to it that a namespace exists before anything is put into it, once for each namespace.
actor NamespaceKeeper {
    /// How a namespace came to be there.
    enum Presence: Sendable {
        /// It exists in the cluster.
        case exists
        /// The dry run would have created it.
        case wouldExist
    }

    private let context: ExecutionContext
    private let prepare: @Sendable (_ source: String) async throws -> KubernetesObject?
    private var keepers: [String: Task<Presence, any Error>] = [:]

    /// - Parameter prepare: gives the Namespace object of the backup as it is to be restored; nil when the backup has
    ///   none.
    init(_ context: ExecutionContext, prepare: @escaping @Sendable (String) async throws -> KubernetesObject?) {
        self.context = context
        self.prepare = prepare
    }

    /// Tells that a namespace was restored as an item.
    func note(_ namespace: String, _ presence: Presence) {
        keepers[namespace] = Task { presence }
    }

    /// Creates the namespace where it is missing.
    ///
    /// - Parameter source: its name in the backup.
    func ensure(_ namespace: String, source: String) async throws -> Presence {
        if let keeper = keepers[namespace] { return try await keeper.value }
        let keeper = Task { try await self.create(namespace, source: source) }
        keepers[namespace] = keeper
        return try await withTaskCancellationHandler {
            try await keeper.value
        } onCancel: {
            keeper.cancel()
        }
    }

    private func create(_ namespace: String, source: String) async throws -> Presence {
        guard let resource = context.catalog[.namespaces] else { return .exists }
        if let existing = try await context.cluster.get(resource, namespace: nil, name: namespace) {
            guard existing.metadata.isTerminating else { return .exists }
            try await ObjectWaiter(context).untilGone(resource, namespace: nil, name: namespace)
        }
        var object = try await prepare(source) ?? KubernetesObject(["apiVersion": "v1", "kind": "Namespace"])
        object.name = namespace
        object = ObjectCleaner.labelled(object, restore: context.restore)
        do {
            _ = try await context.cluster.create(
                resource, namespace: nil, object: object.serialized(), options: context.writeOptions)
        } catch let error as ClusterError where error.kind == .alreadyExists {
            return .exists
        }
        return context.request.isDryRun ? .wouldExist : .exists
    }
}
