import GodwitModel
import HTTPTransport
import Testing

@testable import KubernetesClient

@Suite struct KubeconfigTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A kubeconfig of one context, cluster and user, with these settings.
    static func simple(
        name: String = "a", cluster: String = "server: https://a:6443", user: String = "token: t",
        namespace: String = ""
    ) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: \(name)
        clusters: [{name: \(name), cluster: {\(cluster)}}]
        users: [{name: \(name), user: {\(user)}}]
        contexts: [{name: \(name), context: {cluster: \(name), user: \(name)\(namespace)}}]
        """
    }

    private func load(
        _ content: String, context: String? = nil, environment: [String: String] = [:]
    ) throws -> ClusterConfiguration {
        try ClusterConfiguration.load(
            kubeconfigPath: try folder.write("config", content), context: context, environment: environment)
    }

    private func failure(_ content: String, context: String? = nil) -> KubeconfigError? {
        #expect(throws: KubeconfigError.self) { try load(content, context: context) }
    }

    @Test func aSimpleOne() async throws {
        let configuration = try load(
            Self.simple(
                cluster: "server: 'https://[::1]:6443/prefix/', tls-server-name: inner, proxy-url: 'socks5://p:1'",
                namespace: ", namespace: shop"))
        #expect(configuration.server == "https://[::1]:6443/prefix")
        #expect(configuration.http.tls.serverName == "inner")
        #expect(configuration.http.proxy == .url("socks5://p:1", bypass: nil))
        #expect(configuration.namespace == "shop")
        #expect(configuration.context == "a")
        #expect(try await configuration.credentials.credential() == .bearer("t"))
    }

    @Test func jsonIsFineToo() throws {
        let json = """
            {"current-context":"a","clusters":[{"name":"a","cluster":{"server":"http://a"}}],
             "contexts":[{"name":"a","context":{"cluster":"a"}}]}
            """
        #expect(try load(json).server == "http://a")
    }

    @Test func filesMergeAndTheFirstWins() async throws {
        try folder.write(
            "one/config",
            """
            current-context: first
            clusters: [{name: c, cluster: {server: "https://one", certificate-authority: ca.pem}}]
            contexts: [{name: first, context: {cluster: c, user: u}}]
            """)
        try folder.write("one/ca.pem", "PEM")
        try folder.write(
            "two/config",
            """
            current-context: second
            clusters: [{name: c, cluster: {server: "https://two"}}, {name: d, cluster: {server: "https://d"}}]
            users: [{name: u, user: {tokenFile: token}}]
            contexts: [{name: second, context: {cluster: d, user: u}}]
            """)
        try folder.write("two/token", "from-two\n")
        let environment = ["KUBECONFIG": "\(folder.path)/missing::\(folder.path)/one/config:\(folder.path)/two/config"]
        let first = try ClusterConfiguration.load(kubeconfigPath: nil, context: nil, environment: environment)
        #expect(first.context == "first")
        #expect(first.server == "https://one")
        #expect(first.http.tls.certificateAuthority == .file("\(folder.path)/one/ca.pem"))
        #expect(try await first.credentials.credential() == .bearer("from-two"))
        let second = try ClusterConfiguration.load(kubeconfigPath: nil, context: "second", environment: environment)
        #expect(second.server == "https://d")
    }

    @Test func homeIsTheDefault() throws {
        try folder.write("home/.kube/config", Self.simple())
        let found = try ClusterConfiguration.load(
            kubeconfigPath: nil, context: nil, environment: ["HOME": "\(folder.path)/home"])
        #expect(found.server == "https://a:6443")
    }

    @Test func nothingAtAll() {
        let error = #expect(throws: KubeconfigError.self) {
            try ClusterConfiguration.load(kubeconfigPath: nil, context: nil, environment: ["HOME": folder.path])
        }
        #expect(error?.kind == .noConfiguration)
        #expect(error?.advice?.contains("--kubeconfig") == true)
    }

    @Test func certificatesAndKeys() throws {
        let data = Base64.encode(Array("PEM".utf8))
        let tls = try load(
            Self.simple(
                cluster: "server: https://a, certificate-authority-data: \(data)",
                user: "client-certificate-data: \(data), client-key-data: \(data)")
        ).http.tls
        #expect(tls.certificateAuthority == .data(Array("PEM".utf8)))
        #expect(tls.clientCertificate == .data(Array("PEM".utf8)))
        #expect(tls.clientKey == .data(Array("PEM".utf8)))
        #expect(try load(Self.simple(cluster: "server: https://a, insecure-skip-tls-verify: true")).http.tls.isInsecure)
    }

    @Test func basicAuthentication() async throws {
        let configuration = try load(Self.simple(user: "username: admin, password: 'pä:ss'"))
        #expect(
            try await configuration.credentials.credential().authorization
                == "Basic " + Base64.encode(Array("admin:pä:ss".utf8)))
    }

    @Test func impersonation() throws {
        let headers = try load(
            Self.simple(
                user: "token: t, as: jane, as-uid: '7', as-groups: [dev, ops], as-user-extra: {'Scope/x': [view]}")
        ).impersonation
        #expect(headers["Impersonate-User"] == "jane")
        #expect(headers["Impersonate-Uid"] == "7")
        #expect(headers.values("Impersonate-Group") == ["dev", "ops"])
        #expect(headers["Impersonate-Extra-scope%2Fx"] == "view")
        #expect(failure(Self.simple(user: "as-groups: [dev]"))?.origin.field == "users[a].user.as")
    }

    @Test func tokensOfDigitsKeepThem() async throws {
        let configuration = try load(Self.simple(user: "token: 00123e4"))
        #expect(try await configuration.credentials.credential() == .bearer("00123e4"))
    }

    @Test(arguments: [
        ("", KubeconfigError.Kind.noConfiguration, nil as String?),
        ("[1]", .syntax, nil),
        ("a: [", .syntax, nil),
        ("kind: Pod", .invalid, "kind"),
        ("clusters: 7", .invalid, "clusters"),
        ("contexts: []\ncurrent-context: b", .undefined, "contexts"),
        (simple(cluster: "servr: x"), .missing, "clusters[a].cluster.server"),
        (simple(cluster: "server: 'ftp://x'"), .invalid, "clusters[a].cluster.server"),
        (simple(cluster: "server: 'https://user:pw@x'"), .invalid, "clusters[a].cluster.server"),
        (simple(cluster: "server: https://a, proxy-url: 'nonsense'"), .invalid, "clusters[a].cluster.proxy-url"),
        (
            simple(cluster: "server: https://a, certificate-authority-data: '*'"), .invalid,
            "clusters[a].cluster.certificate-authority-data"
        ),
        (
            simple(cluster: "server: https://a, certificate-authority: nowhere.pem"), .fileNotFound,
            "clusters[a].cluster.certificate-authority"
        ),
        (simple(user: "client-certificate-data: UEVN"), .missing, "users[a].user.client-key"),
        (simple(user: "auth-provider: {name: gcp}"), .unsupported, "users[a].user.auth-provider"),
        (simple(user: #"token: "a\nInjected: x""#), .invalid, "users[a].user.token"),
        (simple(user: "exec: {apiVersion: v0, command: x}"), .invalid, "users[a].user.exec.apiVersion"),
        (
            simple(user: "exec: {apiVersion: client.authentication.k8s.io/v1, command: x}"), .missing,
            "users[a].user.exec.interactiveMode"
        ),
        (simple().replacing("user: a", with: "user: b"), .undefined, "contexts[a].context.user"),
        (simple() + "\nclusters: []", .syntax, nil),
    ])
    func faultsNameTheField(content: String, kind: KubeconfigError.Kind, field: String?) {
        let error = failure(content)
        #expect(error?.kind == kind)
        #expect(error?.origin.field == field)
        #expect(error?.advice != nil)
    }

    @Test func errorsHoldNoSecrets() {
        for content in [
            Self.simple(user: "token: hunter2\u{1}x"), "users:\n- {token: hunter2\n  : : ]",
            Self.simple(user: "client-key-data: hunter2!, client-certificate-data: UEVN"),
        ] {
            let error = failure(content)
            #expect(error.map { "\($0) \($0.advice ?? "")" }?.contains("hunter2") == false)
        }
    }

    @Test func aliasesCannotExplode() {
        let bomb = (1...12).map { level in
            "l\(level): &l\(level) [\((0..<10).map { _ in level == 1 ? "x" : "*l\(level - 1)" }.joined(separator: ","))]"
        }.joined(separator: "\n")
        #expect(failure(bomb)?.kind == .tooLarge)
    }

    @Test func insideACluster() async throws {
        let mount = folder.path
        try folder.write("token", "service-token\n")
        try folder.write("namespace", "velero")
        try folder.write("ca.crt", "PEM")
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let found = try #require(try InClusterConfiguration.load(environment, mountPath: mount))
        #expect(found.server == "https://[fd00::1]:443")
        #expect(found.namespace == "velero")
        #expect(found.http.tls.certificateAuthority == .file("\(mount)/ca.crt"))
        let credential = try await found.credentials.credential()
        #expect(credential == .bearer("service-token"))
        #expect(try await found.credentials.renew(credential) == nil)
        try folder.write("token", "rotated")
        #expect(try await found.credentials.renew(credential) == .bearer("rotated"))
        #expect(try await found.credentials.credential() == .bearer("rotated"))
        let none = try InClusterConfiguration.load([:], mountPath: mount)
        #expect(none?.server == nil)
    }
}
