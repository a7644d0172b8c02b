import Foundation
import PluginProtocol

/// What a plugin is told by its environment: chosen, not inherited whole, because what stands there for others is none
/// of its business, and Godwit's own variables hold secrets.
struct PluginEnvironment: Sendable {
    /// Names that are passed on where they are set.
    private static let names: Set<String> = [
        "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOSTNAME", "KUBECONFIG", "KUBERNETES_SERVICE_HOST",
        "KUBERNETES_SERVICE_PORT", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "ALIBABA_CLOUD_CREDENTIALS_FILE",
    ]
    /// Beginnings of names that are passed on: what the providers' own libraries read.
    private static let prefixes = ["AWS_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "OS_", "VELERO_"]

    /// The ports that a plugin may choose from where it listens on one.
    private static let ports = 10_000...25_000

    /// The variables.
    let variables: [String: String]

    /// - Parameters:
    ///   - inherited: this process's own environment. `GODWIT_PLUGIN_ENVIRONMENT` in it names further variables that
    ///     are passed on, with commas between them.
    ///   - socketDirectory: where the plugin may make its socket.
    init(inherited: [String: String], socketDirectory: String) {
        let more = Set(
            (inherited["GODWIT_PLUGIN_ENVIRONMENT"] ?? "").split(separator: ",")
                .map { $0.filter { $0 != " " } }.filter { !$0.hasPrefix("GODWIT_") })
        var chosen = inherited.filter { name, _ in
            Self.names.contains(name) || more.contains(name) || Self.prefixes.contains { name.hasPrefix($0) }
        }
        chosen[Handshake.cookie.name] = Handshake.cookie.value
        chosen["PLUGIN_PROTOCOL_VERSIONS"] = String(Handshake.protocolVersion)
        chosen["PLUGIN_MIN_PORT"] = String(Self.ports.lowerBound)
        chosen["PLUGIN_MAX_PORT"] = String(Self.ports.upperBound)
        chosen["PLUGIN_UNIX_SOCKET_DIR"] = socketDirectory
        variables = chosen
    }
}
