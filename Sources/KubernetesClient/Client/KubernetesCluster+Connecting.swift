import HTTPTransport

extension KubernetesCluster {
    /// A cluster over libcurl. Nothing is sent yet.
    ///
    /// - Throws: `HTTPTransportError` when the TLS or proxy settings cannot be used.
    public convenience init(connecting configuration: ClusterConfiguration) throws {
        try self.init(configuration) { try CurlClient(configuration: $0) }
    }
}
