public import HTTPTransport

/// How to reach a cluster, and as whom.
public struct ClusterConfiguration: Sendable {
    /// The server's URL without a slash at the end, such as `https://10.0.0.1:6443`.
    public var server: String
    /// How to connect.
    public var http: HTTPConfiguration
    /// Who asks.
    public var credentials: any CredentialProvider
    /// Header fields that make the server act as somebody else.
    public var impersonation: HTTPHeaders
    /// The namespace that the context prefers; nil when it has none.
    public var namespace: String?
    /// The context that was chosen; nil inside a cluster.
    public var context: String?

    /// A configuration.
    public init(
        server: String, http: HTTPConfiguration = HTTPConfiguration(),
        credentials: any CredentialProvider = FixedCredential(.anonymous), impersonation: HTTPHeaders = [:],
        namespace: String? = nil, context: String? = nil
    ) {
        self.server = server
        self.http = http
        self.credentials = credentials
        self.impersonation = impersonation
        self.namespace = namespace
        self.context = context
    }
}

extension ClusterConfiguration {
    /// Finds the configuration as kubectl does: the kubeconfig that is named, or those of `KUBECONFIG`, or
    /// `~/.kube/config`; where none of them says anything, the service account of the pod that this runs in.
    ///
    /// - Parameters:
    ///   - kubeconfigPath: the value of `--kubeconfig`.
    ///   - context: the value of `--context`; nil for the kubeconfig's current one.
    ///   - environment: the process's environment.
    /// - Throws: ``KubeconfigError``.
    public static func load(
        kubeconfigPath: String?, context: String?, environment: [String: String]
    ) throws -> ClusterConfiguration {
        let config = try Kubeconfig.read(path: kubeconfigPath, environment: environment)
        if !config.isEmpty { return try config.resolve(context: context, environment: environment) }
        if kubeconfigPath == nil, context == nil, let inCluster = try InClusterConfiguration.load(environment) {
            return inCluster
        }
        let origin = config.files.isEmpty ? KubeconfigError.Origin() : config.origin
        throw KubeconfigError(
            .noConfiguration, origin,
            reason: config.files.isEmpty
                ? "there is no kubeconfig, and this is not a pod with a service account"
                : "the kubeconfig is empty",
            advice: "name a kubeconfig with --kubeconfig or KUBECONFIG, or use --cluster dir:PATH")
    }
}
