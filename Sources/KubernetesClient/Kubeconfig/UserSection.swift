import GodwitModel
import HTTPTransport

/// The user of a context: who asks, and as whom to act.
struct UserSection {
    private let user: Kubeconfig.Entry

    init(_ user: Kubeconfig.Entry) { self.user = user }

    func apply(
        to configuration: inout ClusterConfiguration, cluster: Kubeconfig.Entry, environment: [String: String]
    ) throws(KubeconfigError) {
        try addCertificate(to: &configuration.http.tls)
        configuration.impersonation = try impersonation()
        configuration.credentials = try provider(cluster, environment)
    }

    private func addCertificate(to tls: inout TLSConfiguration) throws(KubeconfigError) {
        tls.clientCertificate = try Kubeconfig.pem(user, "client-certificate")
        tls.clientKey = try Kubeconfig.pem(user, "client-key")
        guard (tls.clientCertificate == nil) == (tls.clientKey == nil) else {
            let missing = tls.clientKey == nil ? "client-key" : "client-certificate"
            throw KubeconfigError(
                .missing, user.origin(missing), reason: "a client certificate needs both certificate and key",
                advice: "add \(missing) or \(missing)-data")
        }
    }

    private func provider(
        _ cluster: Kubeconfig.Entry, _ environment: [String: String]
    ) throws(KubeconfigError) -> any CredentialProvider {
        let token = try user.text("token")
        if let path = try user.path("tokenFile") {
            let fallback = try token.map { text throws(KubeconfigError) in try checked(text, "token") }
            return TokenFileCredential(path: path, origin: user.origin("tokenFile"), fallback: fallback)
        }
        if let token { return FixedCredential(.bearer(try checked(token, "token"))) }
        if let name = try user.text("username") {
            let password = try user.text("password") ?? ""
            guard !name.contains(":") else { throw user.wrongType("username", "a name without ':'") }
            return FixedCredential(
                Credential(authorization: "Basic \(Base64.encode(Array("\(name):\(password)".utf8)))"))
        }
        if let exec = try user.nested("exec") {
            let plugin = try ExecPlugin(exec, cluster: cluster)
            return ExecCredential(ExecPluginRunner(plugin, environment: environment))
        }
        if try user.nested("auth-provider") != nil {
            throw KubeconfigError(
                .unsupported, user.origin("auth-provider"), reason: "auth-provider was removed from Kubernetes 1.26",
                advice: "use the provider's exec credential plugin, such as gke-gcloud-auth-plugin or kubelogin")
        }
        return FixedCredential(.anonymous)
    }

    private func checked(_ text: String, _ member: String) throws(KubeconfigError) -> String {
        try HeaderText.checked(Array(text.utf8), what: member, origin: user.origin(member))
    }

    /// The fields that Kubernetes' "User impersonation" defines.
    private func impersonation() throws(KubeconfigError) -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        if let name = try user.text("as") { headers.add("Impersonate-User", try checked(name, "as")) }
        if let uid = try user.text("as-uid") { headers.add("Impersonate-Uid", try checked(uid, "as-uid")) }
        for group in try user.texts("as-groups") { headers.add("Impersonate-Group", try checked(group, "as-groups")) }
        if let extra = try user.nested("as-user-extra") {
            for key in extra.value.object?.keys.sorted() ?? [] {
                for text in try extra.texts(key) {
                    headers.add(
                        "Impersonate-Extra-\(PercentEncoding.component(key.lowercased()))",
                        try checked(text, "as-user-extra"))
                }
            }
        }
        guard headers.fields.isEmpty || headers["Impersonate-User"] != nil else {
            throw KubeconfigError(
                .missing, user.origin("as"), reason: "as-uid, as-groups and as-user-extra need a user to act as",
                advice: "add 'as', or remove them")
        }
        return headers
    }
}

/// Percent-encoding of URL parts.
enum PercentEncoding {
    /// Everything but RFC 3986's unreserved characters is encoded.
    static func component(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded.append(UInt8(ascii: "%"))
                encoded.append(digits[Int(byte >> 4)])
                encoded.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
