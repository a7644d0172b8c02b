import GodwitModel
import KubernetesClient

/// Waits until the control plane has done its part.
struct ObjectWaiter: Sendable {
    private let context: ExecutionContext

    init(_ context: ExecutionContext) { self.context = context }

    /// Waits until an object is gone.
    ///
    /// - Throws: ``WaitTimeoutError`` when it is still there after the request's timeout.
    func untilGone(_ resource: APIResource, namespace: String?, name: String) async throws {
        let subject = "\(resource.plural) '\(name)'"
        try await poll("\(subject) to be gone") {
            try await context.cluster.get(resource, namespace: namespace, name: name) == nil
        }
    }

    /// Waits until the API server serves the resources that a CRD defines.
    func untilEstablished(_ definition: String) async throws {
        guard let resource = context.catalog[.customResourceDefinitions] else { return }
        try await poll("CRD '\(definition)' to be established") {
            guard let item = try await context.cluster.get(resource, namespace: nil, name: definition) else {
                return false
            }
            let conditions = try KubernetesObject(parsing: item.bytes)[path: "status", "conditions"]?.array ?? []
            return conditions.contains { $0["type"] == "Established" && $0["status"] == "True" }
        }
    }

    /// Waits until discovery shows a resource, and keeps the catalogue that shows it.
    func untilServed(_ resource: GroupResource) async throws {
        try await poll("\(resource) to be served") {
            if context.catalog[resource] != nil { return true }
            context.catalog = try await context.cluster.discover()
            return context.catalog[resource] != nil
        }
    }

    private func poll(_ goal: String, _ isReached: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + context.request.resourceTimeout
        var pause = Duration.milliseconds(50)
        while !(try await isReached()) {
            guard ContinuousClock.now < deadline else {
                throw WaitTimeoutError(goal: goal, timeout: context.request.resourceTimeout)
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
    }
}

/// Something did not happen in time.
struct WaitTimeoutError: Error, CustomStringConvertible {
    let goal: String
    let timeout: Duration

    var description: String { "waited \(timeout) in vain for \(goal)" }
}
