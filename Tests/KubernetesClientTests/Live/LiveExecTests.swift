import GodwitModel
import HTTPTransport
import Testing

@testable import KubernetesClient

@Suite(
    .enabled(
        if: TestEnvironment["GODWIT_TEST_NODE_KUBECONFIG"] != nil,
        "needs a node that runs pods: scripts/testbed start node; eval \"$(scripts/testbed env)\""))
struct LiveExecTests {
    private static let pods = LiveCluster.core("pods", "Pod")

    /// One pod for all, with two containers.
    private func withPod(_ body: (KubernetesCluster, ContainerReference) async throws -> Void) async throws {
        let image = try #require(TestEnvironment["GODWIT_TEST_NODE_IMAGE"])
        try await LiveCluster.withNamespace("GODWIT_TEST_NODE_KUBECONFIG") { cluster, namespace in
            let container: (String) -> JSONValue = { name in
                [
                    "name": .string(name), "image": .string(image), "imagePullPolicy": "IfNotPresent",
                    "command": ["sleep", "3600"], "env": [["name": "WHO", "value": .string(name)]],
                ]
            }
            let pod: JSONValue = [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "runner"],
                "spec": [
                    "containers": .array([container("first"), container("second")]),
                    "terminationGracePeriodSeconds": 0,
                ],
            ]
            try await create(pod, in: namespace, of: cluster)
            let events = cluster.watch(
                Self.pods, namespace: namespace, options: WatchOptions(fieldSelector: "metadata.name=runner"))
            for try await event in events {
                guard case .added(let item) = event.asAdded else { continue }
                let statuses = try JSONValue(parsing: item.bytes)[path: "status", "containerStatuses"]?.array ?? []
                if statuses.count == 2, statuses.allSatisfy({ $0["ready"]?.bool == true }) { break }
            }
            try await body(
                cluster, ContainerReference(namespace: namespace, pod: "runner", container: "first"))
            try await cluster.delete(
                Self.pods, namespace: namespace, name: "runner", options: DeleteOptions(gracePeriodSeconds: 0))
        }
    }

    /// A new namespace has its service account, which a pod needs, only after a moment.
    private func create(_ pod: JSONValue, in namespace: String, of cluster: KubernetesCluster) async throws {
        for attempt in 0... {
            do {
                _ = try await cluster.create(
                    Self.pods, namespace: namespace, object: pod.serialized(), options: WriteOptions())
                return
            } catch let error as ClusterError where error.kind == .forbidden && attempt < 100 {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    @Test(.timeLimit(.minutes(15))) func commands() async throws {
        try await withPod { cluster, first in
            try await whatCommandsSay(cluster, first)
            try await whatIsCut(cluster, first)
            try await whatCannotRun(cluster, first)
            try await whatTakesTooLong(cluster, first)
            try await severalAtOnce(cluster, first)
        }
    }

    private func whatCommandsSay(_ cluster: KubernetesCluster, _ first: ContainerReference) async throws {
        let echo = try await cluster.execute(["echo", "a b", "c;d", "é&%"], in: first, timeout: .seconds(60))
        #expect(echo == ExecResult(exitCode: 0, standardOutput: Array("a b c;d é&%\n".utf8), standardError: []))

        let failed = try await cluster.execute(
            ["sh", "-c", "echo out; echo complaint >&2; exit 3"], in: first, timeout: nil)
        #expect(failed.exitCode == 3)
        #expect(failed.standardOutput == Array("out\n".utf8))
        #expect(failed.standardError == Array("complaint\n".utf8))

        let silent = try await cluster.execute(["true"], in: first, timeout: .seconds(60))
        #expect(silent == ExecResult(exitCode: 0, standardOutput: [], standardError: []))

        var unnamed = first
        unnamed.container = nil
        #expect(try await cluster.execute(["sh", "-c", "echo $WHO"], in: unnamed, timeout: nil).text == "first\n")
        var second = first
        second.container = "second"
        #expect(try await cluster.execute(["sh", "-c", "echo $WHO"], in: second, timeout: nil).text == "second\n")
    }

    private func whatIsCut(_ cluster: KubernetesCluster, _ first: ContainerReference) async throws {
        let much = try await cluster.execute(
            ["sh", "-c", "head -c 204800 /dev/zero | tr '\\0' x; head -c 204800 /dev/zero | tr '\\0' y >&2; exit 7"],
            in: first, timeout: .seconds(60))
        #expect(much.exitCode == 7)
        #expect(much.standardOutput == [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10))
        #expect(much.standardError == [UInt8](repeating: UInt8(ascii: "y"), count: 64 << 10))
    }

    private func whatCannotRun(_ cluster: KubernetesCluster, _ first: ContainerReference) async throws {
        let unknown = await #expect(throws: ClusterError.self) {
            try await cluster.execute(["no-such-command"], in: first, timeout: .seconds(60))
        }
        #expect(unknown?.reason?.contains("no-such-command") == true)
        #expect(unknown?.isRetryable == false)

        var missing = first
        missing.container = "third"
        let nowhere = await #expect(throws: ClusterError.self) {
            try await cluster.execute(["true"], in: missing, timeout: .seconds(60))
        }
        #expect(nowhere?.kind == .invalid)
        #expect(nowhere?.reason?.contains("third") == true)

        missing.pod = "nobody"
        #expect(try await kind { try await cluster.execute(["true"], in: missing, timeout: nil) } == .notFound)
        missing.pod = "../../secrets"
        #expect(try await kind { try await cluster.execute(["true"], in: missing, timeout: nil) } == .invalid)
        #expect(try await kind { try await cluster.execute([], in: first, timeout: nil) } == .invalid)

        let nobody = try LiveCluster.connect("GODWIT_TEST_NOBODY_KUBECONFIG")
        #expect(try await kind { try await nobody.execute(["true"], in: first, timeout: nil) } == .forbidden)
    }

    private func whatTakesTooLong(_ cluster: KubernetesCluster, _ first: ContainerReference) async throws {
        let late = await #expect(throws: ClusterError.self) {
            try await cluster.execute(["sleep", "600"], in: first, timeout: .milliseconds(500))
        }
        #expect(late?.kind == .outcomeUnknown)
        #expect(late?.isRetryable == false)

        let task = Task { try await cluster.execute(["sleep", "601"], in: first, timeout: nil) }
        // It is cancelled while it runs, as another command sees. The one before may not have come to run.
        let running = ["sh", "-c", "ps | grep '[s]leep 601' | wc -l"]
        while try await cluster.execute(running, in: first, timeout: nil).text != "1\n" {
            try await Task.sleep(for: .milliseconds(50))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let before = Task { try await cluster.execute(["true"], in: first, timeout: .seconds(60)) }
        before.cancel()
        await #expect(throws: CancellationError.self) { try await before.value }
    }

    private func severalAtOnce(_ cluster: KubernetesCluster, _ first: ContainerReference) async throws {
        try await withThrowingTaskGroup(of: (Int, ExecResult).self) { group in
            for index in 0..<8 {
                group.addTask {
                    let script = "for i in 1 2 3 4 5; do echo \(index); done; exit \(index)"
                    return (index, try await cluster.execute(["sh", "-c", script], in: first, timeout: .seconds(60)))
                }
            }
            for try await (index, result) in group {
                #expect(result.exitCode == index)
                #expect(result.text == String(repeating: "\(index)\n", count: 5))
            }
        }
    }
}

extension ExecResult {
    fileprivate var text: String { String(decoding: standardOutput, as: UTF8.self) }
}

extension WatchEvent {
    /// A change counts as something new.
    fileprivate var asAdded: WatchEvent {
        if case .modified(let item) = self { .added(item) } else { self }
    }
}
