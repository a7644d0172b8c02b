import HTTPTransport

extension KubernetesCluster {
    /// Runs a command in a container over a WebSocket.
    public func execute(
        _ command: [String], in container: ContainerReference, timeout: Duration?
    ) async throws -> ExecResult {
        throw connection.error(.unsupported, "exec", nil)
    }
}
