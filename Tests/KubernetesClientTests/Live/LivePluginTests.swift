import GodwitModel
import HTTPTransport
import Testing

@testable import KubernetesClient

/// Credentials that plugins and files bring, against a real server.
@Suite(.enabled(if: LiveCluster.isThere, LiveCluster.hint))
struct LivePluginTests {
    private static let version = "client.authentication.k8s.io/v1"
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A cluster whose credentials are those of a plugin, a shell script.
    private func cluster(plugin script: String) throws -> KubernetesCluster {
        try folder.write("plugin", "#!/bin/sh\n\(script)\n", executable: true)
        let user = "exec: {apiVersion: \(Self.version), command: ./plugin, interactiveMode: Never}"
        let file = try folder.write("config", KubeconfigTests.simple(user: user))
        let credentials = try ClusterConfiguration.load(
            kubeconfigPath: file, context: nil, environment: ["PATH": "/usr/bin:/bin"]
        ).credentials
        var configuration = try LiveCluster.configuration()
        configuration.credentials = credentials
        return try KubernetesCluster(connecting: configuration)
    }

    private func answer(_ status: JSONValue) -> String {
        let document: JSONValue = ["kind": "ExecCredential", "apiVersion": .string(Self.version), "status": status]
        return String(decoding: document.serialized(), as: UTF8.self)
    }

    private func runs() throws -> Int {
        let bytes = try SmallFile.read("\(folder.path)/runs", limit: 10000, origin: KubeconfigError.Origin())
        return bytes.count { $0 == 0x0A }
    }

    @Test func aPluginThatGivesAWrongTokenFirst() async throws {
        let token = try #require(
            try await LiveCluster.configuration().credentials.credential().authorization?.dropFirst("Bearer ".count))
        try folder.write("wrong", answer(["token": "wrong-and-secret"]))
        try folder.write("right", answer(["token": .string(String(token))]))
        let cluster = try cluster(
            plugin:
                "cd \(folder.path); echo run >> runs; if [ $(wc -l < runs) = 1 ]; then cat wrong; else cat right; fi"
        )
        // Several refusals at once make one new run.
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await cluster.list(LiveCluster.namespaces, namespace: nil, options: ListOptions()).all().count
                }
            }
            for try await count in group { #expect(count >= 4) }
        }
        #expect(try await cluster.mayI("list", .secrets, namespace: nil))
        #expect(try runs() == 2)
    }

    @Test func aPluginThatIsAlwaysWrong() async throws {
        try folder.write("wrong", answer(["token": "wrong-and-secret"]))
        let cluster = try cluster(plugin: "cd \(folder.path); echo run >> runs; cat wrong")
        let error = await #expect(throws: ClusterError.self) { try await cluster.discover() }
        #expect(error?.kind == .unauthorized)
        #expect(error.map { "\($0)" }?.contains("wrong-and-secret") == false)
        #expect(try runs() <= 3)
    }

    @Test func aPluginThatBringsAClientCertificate() async throws {
        let tls = try LiveCluster.configuration("GODWIT_TEST_CERT_KUBECONFIG").http.tls
        guard case .data(let certificate)? = tls.clientCertificate, case .data(let key)? = tls.clientKey else {
            Issue.record("the kubeconfig holds no certificate")
            return
        }
        try folder.write(
            "right",
            answer([
                "clientCertificateData": .string(String(decoding: certificate, as: UTF8.self)),
                "clientKeyData": .string(String(decoding: key, as: UTF8.self)),
            ]))
        let cluster = try cluster(plugin: "cd \(folder.path); echo run >> runs; cat right")
        #expect(try await cluster.mayI("create", .secrets, namespace: nil))
        let all = try await cluster.list(LiveCluster.namespaces, namespace: nil, options: ListOptions()).all()
        #expect(all.contains { $0.metadata.name == "default" })
        #expect(try runs() == 1)
    }

    @Test func aTokenFileThatIsRewritten() async throws {
        var configuration = try LiveCluster.configuration()
        let token = try #require(
            try await configuration.credentials.credential().authorization?.dropFirst("Bearer ".count))
        let path = try folder.write("token", "expired")
        configuration.credentials = TokenFileCredential(path: path, origin: KubeconfigError.Origin(file: path))
        let cluster = try KubernetesCluster(connecting: configuration)
        #expect(try await kind { try await cluster.discover() } == .unauthorized)
        try folder.write("token", "\(token)\n")
        #expect(try await cluster.mayI("list", .secrets, namespace: nil))
    }
}
