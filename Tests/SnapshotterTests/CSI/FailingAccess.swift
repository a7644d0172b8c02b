import GodwitModel
import GodwitPluginAPI
import Synchronization

/// A cluster that fails the first call of a kind, such as `patch` or `delete volumesnapshots`.
final class FailingAccess: ClusterAccess {
    private let inner: any ClusterAccess
    private let call: String
    private let isAnswerLost: Bool
    private let state = Mutex(false)

    /// Whether a call has failed.
    var hasFailed: Bool { state.withLock { $0 } }

    /// - Parameter isAnswerLost: the call takes effect, and fails then.
    init(_ inner: any ClusterAccess, at call: String, isAnswerLost: Bool) {
        self.inner = inner
        self.call = call
        self.isAnswerLost = isAnswerLost
    }

    var description: String { inner.description }

    private func during<Value>(
        _ verb: String, _ resource: GroupResource, _ work: () async throws -> Value
    ) async throws -> Value {
        let isHit = call == verb || call == "\(verb) \(resource.resource)"
        let fails =
            isHit
            && state.withLock { hasFailed in
                defer { hasFailed = true }
                return !hasFailed
            }
        guard fails else { return try await work() }
        if isAnswerLost { _ = try await work() }
        throw VolumeSnapshotError(.connection, operation: verb, storage: description, reason: "as the test asked")
    }

    func serves(_ resource: GroupResource) async throws -> Bool { try await inner.serves(resource) }

    func get(_ identity: ItemIdentity) async throws -> KubernetesObject? {
        try await during("get", identity.resource) { try await inner.get(identity) }
    }

    func list(_ resource: GroupResource, namespace: String?) async throws -> [KubernetesObject] {
        try await during("list", resource) { try await inner.list(resource, namespace: namespace) }
    }

    func create(_ object: KubernetesObject, as resource: GroupResource) async throws -> KubernetesObject {
        try await during("create", resource) { try await inner.create(object, as: resource) }
    }

    func patch(_ identity: ItemIdentity, with patch: JSONValue) async throws -> KubernetesObject {
        try await during("patch", identity.resource) { try await inner.patch(identity, with: patch) }
    }

    func delete(_ identity: ItemIdentity) async throws {
        try await during("delete", identity.resource) { try await inner.delete(identity) }
    }
}
