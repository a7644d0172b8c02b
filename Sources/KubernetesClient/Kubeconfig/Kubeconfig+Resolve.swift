import GodwitModel
import HTTPTransport

extension Kubeconfig {
    /// The configuration of a context.
    func resolve(context name: String?, environment: [String: String]) throws(KubeconfigError) -> ClusterConfiguration {
        guard let name = name ?? currentContext else {
            throw KubeconfigError(
                .missing, origin.field("current-context"), reason: "no context is chosen",
                advice: "choose one with --context: \(Self.listed(contexts))")
        }
        guard let context = contexts[name] else {
            throw KubeconfigError(
                .undefined, origin.field("contexts"), reason: "there is no context '\(name)'",
                advice: "choose one with --context: \(Self.listed(contexts))")
        }
        let cluster = try find("cluster", in: clusters, of: context)
        var configuration = ClusterConfiguration(server: try Self.server(cluster))
        configuration.context = name
        configuration.namespace = try context.text("namespace")
        configuration.http.tls = try Self.tls(cluster)
        configuration.http.proxy = try Self.proxy(cluster)
        if try context.text("user") != nil {
            let user = try find("user", in: users, of: context)
            try UserSection(user).apply(to: &configuration, cluster: cluster, environment: environment)
        }
        return configuration
    }

    private func find(
        _ member: String, in entries: [String: Entry], of context: Entry
    ) throws(KubeconfigError) -> Entry {
        guard let name = try context.text(member) else {
            throw KubeconfigError(
                .missing, context.origin(member), reason: "the context names no \(member)", advice: "correct the file")
        }
        guard let entry = entries[name] else {
            throw KubeconfigError(
                .undefined, context.origin(member), reason: "there is no \(member) '\(name)'",
                advice: "define it, or choose another context")
        }
        return entry
    }

    private static func listed(_ entries: [String: Entry]) -> String {
        entries.isEmpty ? "none is defined" : entries.keys.sorted().prefix(20).joined(separator: ", ")
    }

    private static func server(_ cluster: Entry) throws(KubeconfigError) -> String {
        guard var server = try cluster.text("server") else {
            throw KubeconfigError(
                .missing, cluster.origin("server"), reason: "the cluster has no server",
                advice: "write its URL, such as https://10.0.0.1:6443")
        }
        while server.hasSuffix("/") { server.removeLast() }
        if !server.contains("://") { server = "https://\(server)" }
        let isHTTP = server.hasPrefix("https://") || server.hasPrefix("http://")
        let isPlain = server.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !server.contains("@")
        guard isHTTP, isPlain, !server.contains("?"), !server.contains("#") else {
            throw KubeconfigError(
                .invalid, cluster.origin("server"), reason: "not an http or https URL of a server",
                advice: "write its URL, such as https://10.0.0.1:6443")
        }
        return server
    }

    private static func tls(_ cluster: Entry) throws(KubeconfigError) -> TLSConfiguration {
        var tls = TLSConfiguration()
        tls.isInsecure = try cluster.flag("insecure-skip-tls-verify")
        tls.serverName = try cluster.text("tls-server-name")
        tls.certificateAuthority = try pem(cluster, "certificate-authority")
        if tls.isInsecure, tls.certificateAuthority != nil {
            throw KubeconfigError(
                .invalid, cluster.origin("insecure-skip-tls-verify"),
                reason: "a certificate authority together with insecure-skip-tls-verify",
                advice: "remove one of them")
        }
        return tls
    }

    /// `name-data` wins over `name`, as in kubectl.
    static func pem(_ entry: Entry, _ member: String) throws(KubeconfigError) -> TLSConfiguration.Source? {
        if let data = try entry.data("\(member)-data") { return .data(data) }
        guard let path = try entry.path(member) else { return nil }
        guard SmallFile.exists(path) else {
            throw KubeconfigError(
                .fileNotFound, entry.origin(member), reason: "\(path) does not exist", advice: "correct the path")
        }
        return .file(path)
    }

    private static func proxy(_ cluster: Entry) throws(KubeconfigError) -> ProxyConfiguration? {
        guard let url = try cluster.text("proxy-url") else { return nil }
        let schemes = ["http://", "https://", "socks5://", "socks5h://"]
        guard schemes.contains(where: url.hasPrefix), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw KubeconfigError(
                .invalid, cluster.origin("proxy-url"), reason: "not a proxy's URL",
                advice: "write http://, https:// or socks5://, host and port")
        }
        return .url(url, bypass: nil)
    }
}
