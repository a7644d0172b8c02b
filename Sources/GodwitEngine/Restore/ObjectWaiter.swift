import GodwitModel
import KubernetesClient
import Streams

/// Waits until the control plane has done its part.
struct ObjectWaiter: Sendable {
    private let cluster: any Cluster
    private let timeout: Duration
    /// CRDs asked about at once.
    private static let parallel = 16

    init(_ request: RestoreRequest) {
        cluster = request.cluster
        timeout = request.resourceTimeout
    }

    /// Waits until an object is gone, or another one has taken its place.
    ///
    /// - Throws: ``WaitTimeoutError`` when it is still there after the request's timeout.
    func untilGone(_ existing: Item, at place: Place) async throws {
        try await poll("\(place.identity) to be gone") {
            let now = try await cluster.get(place.resource, namespace: place.namespace, name: place.name)
            return now == nil || now?.metadata.uid != existing.metadata.uid
        }
    }

    /// Waits until CRDs are established, several at once.
    ///
    /// - Returns: those that were not in time.
    func untilEstablished(_ definitions: [String], _ resource: APIResource) async throws -> [WaitTimeoutError] {
        try await definitions.mapConcurrently(limit: Self.parallel) { name in
            do {
                try await poll("CRD '\(name)' to be established", subject: name) {
                    try await isEstablished(Place(resource, name: name))
                }
                return nil as WaitTimeoutError?
            } catch let error as WaitTimeoutError {
                return error
            }
        }.compactMap { $0 }
    }

    private func isEstablished(_ place: Place) async throws -> Bool {
        guard let item = try await cluster.get(place.resource, namespace: nil, name: place.name) else { return false }
        let conditions = try KubernetesObject(parsing: item.bytes)[path: "status", "conditions"]?.array ?? []
        return ["Established", "NamesAccepted"].allSatisfy { type in
            conditions.contains { $0["type"]?.string == type && $0["status"]?.string == "True" }
        }
    }

    /// Waits until discovery shows resources.
    ///
    /// - Returns: what the cluster then serves, and those that were not there in time.
    func untilServed(_ resources: [GroupResource]) async throws -> (APIResourceCatalog, [WaitTimeoutError]) {
        var catalog = try await cluster.discover()
        do {
            try await poll("discovery") {
                if resources.allSatisfy({ catalog[$0] != nil }) { return true }
                catalog = try await cluster.discover()
                return false
            }
            return (catalog, [])
        } catch is WaitTimeoutError {
            let missing = resources.filter { catalog[$0] == nil }
            return (
                catalog,
                missing.map { WaitTimeoutError(goal: "\($0) to be served", timeout: timeout, subject: "\($0)") }
            )
        }
    }

    /// Asks again and again until something is so.
    ///
    /// - Throws: ``WaitTimeoutError`` after the request's timeout.
    func poll(_ goal: String, subject: String = "", _ isReached: () async throws -> Bool) async throws {
        guard try await Polling(timeout: timeout, firstPause: .milliseconds(50)).until(isReached) else {
            throw WaitTimeoutError(goal: goal, timeout: timeout, subject: subject)
        }
    }
}

/// Something did not happen in time.
struct WaitTimeoutError: Error, CustomStringConvertible {
    let goal: String
    let timeout: Duration
    /// The name of what was waited for.
    var subject = ""

    var description: String { "waited \(timeout.components.seconds) s in vain for \(goal)" }
}
