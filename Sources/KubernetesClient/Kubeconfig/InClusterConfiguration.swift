import GodwitModel
import HTTPTransport

/// The configuration that every pod finds: a mounted service account and two environment variables.
enum InClusterConfiguration {
    /// Where a service account is mounted.
    static let mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The configuration; nil when this is no pod.
    static func load(
        _ environment: [String: String], mountPath: String = InClusterConfiguration.mountPath
    ) throws(KubeconfigError) -> ClusterConfiguration? {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty,
            SmallFile.exists("\(mountPath)/token")
        else { return nil }
        guard let number = UInt16(port), number > 0 else {
            throw KubeconfigError(
                .invalid, KubeconfigError.Origin(field: "KUBERNETES_SERVICE_PORT"), reason: "not a port",
                advice: "unset it, or name a kubeconfig")
        }
        var configuration = ClusterConfiguration(
            server: "https://\(host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host):\(number)")
        if SmallFile.exists("\(mountPath)/ca.crt") {
            configuration.http.tls.certificateAuthority = .file("\(mountPath)/ca.crt")
        }
        configuration.credentials = TokenFileCredential(
            path: "\(mountPath)/token", origin: KubeconfigError.Origin(file: "\(mountPath)/token"))
        let namespacePath = "\(mountPath)/namespace"
        if SmallFile.exists(namespacePath) {
            let origin = KubeconfigError.Origin(file: namespacePath)
            let bytes = try SmallFile.read(namespacePath, limit: 4096, origin: origin)
            configuration.namespace = try HeaderText.checked(bytes, what: "namespace", origin: origin)
        }
        return configuration
    }
}
