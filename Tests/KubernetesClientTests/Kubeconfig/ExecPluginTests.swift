import HTTPTransport
import Testing

@testable import KubernetesClient

@Suite struct ExecPluginTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let apiVersion = "client.authentication.k8s.io/v1"

    /// The credentials of a kubeconfig whose plugin is this shell script.
    private func credentials(_ script: String, settings: String = "") throws -> any CredentialProvider {
        try folder.write("bin/plugin", "#!/bin/sh\n\(script)\n", executable: true)
        let config = try folder.write(
            "config",
            KubeconfigTests.simple(
                user: "exec: {apiVersion: \(Self.apiVersion), command: ./bin/plugin, interactiveMode: Never\(settings)}"
            ))
        return try ClusterConfiguration.load(
            kubeconfigPath: config, context: nil, environment: ["PATH": "/usr/bin:/bin"]
        ).credentials
    }

    private func answer(_ status: String, apiVersion: String = apiVersion) -> String {
        #"echo '{"kind":"ExecCredential","apiVersion":"\#(apiVersion)","status":{\#(status)}}'"#
    }

    private func failure(_ provider: any CredentialProvider) async -> KubeconfigError? {
        await #expect(throws: KubeconfigError.self) { try await provider.credential() }
    }

    @Test func tokensAreKeptUntilRefused() async throws {
        let provider = try credentials(
            "echo run >> \(folder.path)/runs; n=$(wc -l < \(folder.path)/runs)\n"
                + #"echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"\#(Self.apiVersion)\",\"status\":{\"token\":\"t$n\"}}""#
        )
        let first = try await provider.credential()
        #expect(first == .bearer("t1"))
        #expect(try await provider.credential() == first)
        #expect(try await provider.renew(first) == .bearer("t2"))
        #expect(try await provider.renew(first) == .bearer("t2"))
        #expect(try await provider.credential() == .bearer("t2"))
    }

    @Test func expiredTokensAreRenewed() async throws {
        let provider = try credentials(
            "echo run >> \(folder.path)/runs; n=$(wc -l < \(folder.path)/runs)\n"
                + #"echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"\#(Self.apiVersion)\",\"status\":{\"token\":\"t$n\","#
                + #"\"expirationTimestamp\":\"2020-01-01T00:00:00Z\"}}""#)
        #expect(try await provider.credential() == .bearer("t1"))
        #expect(try await provider.credential() == .bearer("t2"))
    }

    @Test func thePluginSeesItsSettings() async throws {
        let provider = try credentials(
            "printf '%s|%s|%s' \"$1\" \"$EXTRA\" \"$KUBERNETES_EXEC_INFO\" > \(folder.path)/seen\n"
                + answer(#""token":"t""#),
            settings: ", args: ['a b;c'], env: [{name: EXTRA, value: 'e f'}], provideClusterInfo: true")
        _ = try await provider.credential()
        let bytes = try SmallFile.read("\(folder.path)/seen", limit: 10000, origin: KubeconfigError.Origin())
        let seen = String(decoding: bytes, as: UTF8.self)
        #expect(seen.hasPrefix("a b;c|e f|{"))
        #expect(seen.contains(#""server":"https://a:6443""#))
        #expect(seen.contains(#""interactive":false"#))
    }

    @Test func clientCertificates() async throws {
        let provider = try credentials(answer(#""clientCertificateData":"CERT","clientKeyData":"KEY""#))
        let credential = try await provider.credential()
        #expect(credential.clientCertificate == .data(Array("CERT".utf8)))
        #expect(credential.clientKey == .data(Array("KEY".utf8)))
        #expect(credential.authorization == nil)
        #expect("\(credential)" == "(credential)")
    }

    @Test func theComplaintIsInTheError() async throws {
        let error = await failure(try credentials("echo 'session expired' >&2; exit 3"))
        #expect(error?.reason?.contains("exit code 3: session expired") == true, "\(String(describing: error))")
        #expect(error?.kind == .plugin)
    }

    @Test(arguments: [
        "echo nonsense", "true", #"echo '{"kind":"ExecCredential","apiVersion":"v9","status":{"token":"hunter2"}}'"#,
        #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}'"#,
        #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientKeyData":"hunter2"}}'"#,
        "kill -9 $$", "head -c 3000000 /dev/zero",
    ])
    func unusableAnswers(script: String) async throws {
        let error = await failure(try credentials(script))
        #expect(error?.kind == .plugin)
        #expect(error.map { "\($0)" }?.contains("hunter2") == false)
    }

    @Test func aMissingPluginSaysHowToGetIt() async throws {
        let config = try folder.write(
            "config",
            KubeconfigTests.simple(
                user: "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: no-such-plugin-at-all, "
                    + "installHint: 'apt install it'}"))
        let provider = try ClusterConfiguration.load(
            kubeconfigPath: config, context: nil, environment: [:]
        ).credentials
        #expect(await failure(provider)?.advice == "apt install it")
    }

    @Test func aPluginThatHangsIsEnded() async throws {
        let process = ChildProcess(
            command: "/bin/sh", arguments: ["-c", "sleep 1000 & wait"], environment: [:], inheritsTerminal: false,
            timeout: .milliseconds(200), outputLimit: 1000)
        await #expect(throws: ChildProcess.Failure.self) { try await process.run() }
    }

    @Test func cancellationEndsAPlugin() async throws {
        let process = ChildProcess(
            command: "/bin/sleep", arguments: ["1000"], environment: [:], inheritsTerminal: false,
            timeout: .seconds(1000), outputLimit: 1000)
        let task = Task { try await process.run() }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0.0 as Double?), ("2000-02-29T12:00:00.5+01:00", 951_822_000.5),
        ("2026-11-21T01:02:03Z", 1_795_222_923), ("2026-11-21", nil), ("nonsense", nil), ("2026-13-01T00:00:00Z", nil),
    ])
    func timestamps(text: String, seconds: Double?) { #expect(Timestamp.seconds(text) == seconds) }
}
