public import GodwitModel
import Streams

extension KubernetesCluster {
    /// How many group versions are asked for at once.
    private static let parallelism = 16
    /// One that fails is reported soon, because a broken aggregated API should not hold up everything.
    private static let groupRetry = RetryPolicy(attempts: 2, base: .milliseconds(200), cap: .seconds(2))

    /// All resources that are served: two requests where the server has aggregated discovery, else one more for each
    /// group version.
    public func discover() async throws -> APIResourceCatalog {
        async let core = discoverRoot("/api")
        async let groups = discoverRoot("/apis")
        var found = try await core
        found.add(try await groups)
        return APIResourceCatalog(
            found.resources, preferredVersions: found.preferredVersions, failedGroups: found.failed)
    }

    private func discoverRoot(_ path: String) async throws -> DiscoveredResources {
        var request = APIRequest(path, operation: "discover \(path)")
        request.accept = DiscoveryDocuments.accept
        let document = try await json(request)
        switch DiscoveryDocuments.root(document) {
        case .complete(let resources): return resources
        case .groupVersions(let versions, let preferred):
            var found = DiscoveredResources(preferredVersions: preferred)
            found.add(try await discover(versions))
            return found
        case nil: throw connection.error(.malformedAnswer, request.operation, "no discovery document")
        }
    }

    private func discover(_ versions: [GroupVersion]) async throws -> DiscoveredResources {
        try await withThrowingTaskGroup(of: (Int, DiscoveredResources).self) { group in
            var answers = [DiscoveredResources](repeating: DiscoveredResources(), count: versions.count)
            var waiting = versions.enumerated().makeIterator()
            func startNext() {
                guard let (index, version) = waiting.next() else { return }
                group.addTask { (index, try await self.discover(version)) }
            }
            for _ in 0..<Self.parallelism { startNext() }
            while let (index, answer) = try await group.next() {
                answers[index] = answer
                startNext()
            }
            return answers.reduce(into: DiscoveredResources()) { $0.add($1) }
        }
    }

    private func discover(_ version: GroupVersion) async throws -> DiscoveredResources {
        let path = version.group.isEmpty ? "/api/\(version.version)" : "/apis/\(version.group)/\(version.version)"
        let request = APIRequest(path, operation: "discover \(version)")
        do {
            let (_, body) = try await connection.fetch(request, retry: Self.groupRetry)
            guard let resources = DiscoveryDocuments.resources(try JSONValue(parsing: body), of: version) else {
                return DiscoveredResources(failed: [version: "no discovery document"])
            }
            return DiscoveredResources(resources: resources)
        } catch let error as ClusterError {
            // A refused login is no fault of the group's.
            guard error.kind != .unauthorized else { throw error }
            return DiscoveredResources(failed: [version: error.reason ?? "\(error.kind)"])
        } catch let error as JSONError {
            return DiscoveredResources(failed: [version: error.description])
        }
    }
}
