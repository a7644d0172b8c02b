import GodwitModel
import HTTPTransport

extension KubernetesCluster {
    /// The most bytes of one message from a command.
    private static let messageLimit = 1 << 20

    /// Runs a command in a container over a WebSocket, by the protocol v5.channel.k8s.io or v4.channel.k8s.io.
    ///
    /// When the time is up or the task is cancelled the connection is closed. Kubernetes does not end the command
    /// then: it may run on in the container.
    public func execute(
        _ command: [String], in container: ContainerReference, timeout: Duration?
    ) async throws -> ExecResult {
        let operation = "run \(command.first ?? "a command") in pods/\(container.namespace)/\(container.pod)"
        guard let timeout else { return try await run(command, in: container, operation) }
        return try await withThrowingTaskGroup(of: ExecResult.self) { group in
            group.addTask { try await self.run(command, in: container, operation) }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw self.connection.error(.unavailable, operation, "it did not end within \(timeout)")
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    private func run(
        _ command: [String], in container: ContainerReference, _ operation: String
    ) async throws -> ExecResult {
        let upgraded = try await open(command, in: container, operation)
        defer { upgraded.close() }
        var session = WebSocketSession(limit: Self.messageLimit)
        var channels = ExecChannels()
        do {
            reading: while channels.outcome == nil, let bytes = try await upgraded.read() {
                for event in try session.receive(bytes) {
                    switch event {
                    case .message(let message): try channels.receive(message)
                    case .send(let answer): try await upgraded.write(answer)
                    case .closed: break reading
                    }
                }
            }
        } catch let error as WebSocketError {
            try? await upgraded.write(WebSocketSession.closing(error.closeCode))
            throw connection.error(.malformedAnswer, operation, error.reason)
        }
        // The outcome is known, so it does not matter whether the farewell arrives.
        if !session.isClosed { try? await upgraded.write(WebSocketSession.closing(1000)) }
        guard let exitCode = channels.exitCode else {
            throw connection.error(
                .unavailable, operation,
                channels.outcome?.reasonText(nil) ?? "the connection ended before the command did")
        }
        return ExecResult(
            exitCode: exitCode, standardOutput: channels.standardOutput, standardError: channels.standardError)
    }

    private func open(
        _ command: [String], in container: ContainerReference, _ operation: String
    ) async throws -> any UpgradedConnection {
        let pods = APIResource(
            groupVersion: GroupVersion(apiVersion: "v1"), plural: "pods", kind: "Pod", isNamespaced: true, verbs: [])
        let path = ResourcePath(pods, namespace: container.namespace, name: container.pod, subresource: "exec")
        guard !command.isEmpty, let text = try? path.path() else {
            throw connection.error(.invalid, operation, "a command and a pod's name are needed")
        }
        var request = APIRequest(text, operation: operation)
        for word in command { request.query.add("command", word) }
        request.query.add("container", container.container)
        request.query.add("stdout", "true")
        request.query.add("stderr", "true")
        // A command may be silent for as long as it likes; the caller's timeout bounds it.
        request.timeouts = HTTPTimeouts(idle: nil, total: nil)
        let handshake = WebSocketHandshake(protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"])
        switch try await connection.upgrade(request, headers: handshake.headers(), to: "websocket") {
        case .refused(let response): throw try await connection.failure(response, request).error
        case .switched(let head, let upgraded):
            do {
                _ = try handshake.chosen(head)
                return upgraded
            } catch {
                upgraded.close()
                throw connection.error(.malformedAnswer, operation, error.reason)
            }
        }
    }
}
