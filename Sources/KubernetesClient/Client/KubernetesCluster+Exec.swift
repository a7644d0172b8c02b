import GodwitModel
import HTTPTransport

extension KubernetesCluster {
    /// The most bytes of one message from a command.
    private static let messageLimit = 1 << 20
    private static let pods = APIResource(
        groupVersion: GroupVersion(apiVersion: "v1"), plural: "pods", kind: "Pod", isNamespaced: true, verbs: [])

    /// Runs a command in a container over a WebSocket, by the protocol v5.channel.k8s.io or v4.channel.k8s.io.
    ///
    /// When the time is up or the task is cancelled the connection is closed. Kubernetes does not end the command
    /// then: it may run on in the container. No command is ever sent twice.
    ///
    /// - Throws: ``ClusterError``: of kind ``ClusterError/Kind/outcomeUnknown`` when the time was up or the connection
    ///   broke after the command began; `HTTPTransportError` when the server was not reached at all;
    ///   ``KubeconfigError``; `CancellationError`.
    public func execute(
        _ command: [String], in container: ContainerReference, timeout: Duration?
    ) async throws -> ExecResult {
        let program = PrintableText.cut(command.first ?? "a command", at: 100)
        let operation = "run \(program) in pods/\(container.namespace)/\(container.pod)"
        guard let timeout else { return try await run(command, in: container, operation) }
        return try await withThrowingTaskGroup(of: ExecResult.self) { group in
            group.addTask { try await self.run(command, in: container, operation) }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw self.connection.error(.outcomeUnknown, operation, "it did not end within \(timeout)")
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
            try await converse(upgraded, &session, &channels)
        } catch let error as WebSocketError {
            try? await upgraded.write(WebSocketSession.closing(error.closeCode))
            throw connection.error(.malformedAnswer, operation, error.reason)
        } catch let error as HTTPTransportError {
            // A transport error may be tried again, a command may not.
            throw connection.error(.outcomeUnknown, operation, error.reason ?? error.summary)
        }
        // The outcome is known, so it does not matter whether the farewell arrives.
        if !session.isClosed { try? await upgraded.write(WebSocketSession.closing(1000)) }
        guard let outcome = channels.outcome else {
            throw connection.error(.outcomeUnknown, operation, "the connection ended before the command did")
        }
        guard let exitCode = channels.exitCode else {
            throw connection.error(.other(status: outcome.code), operation, outcome.reasonText(nil))
        }
        return ExecResult(
            exitCode: exitCode, standardOutput: channels.standardOutput, standardError: channels.standardError)
    }

    /// Reads until the command has ended, or the server says no more.
    private func converse(
        _ upgraded: any UpgradedConnection, _ session: inout WebSocketSession, _ channels: inout ExecChannels
    ) async throws {
        while channels.outcome == nil, !session.isClosed, let bytes = try await upgraded.read() {
            for event in try session.receive(bytes) {
                switch event {
                case .message(let message): try channels.receive(message)
                // A server that has gone after its last word does not read the answer.
                case .send(let answer) where session.isClosed: try? await upgraded.write(answer)
                case .send(let answer): try await upgraded.write(answer)
                case .closed: return
                }
            }
        }
    }

    /// The name of a pod's first container: servers choose one only where there is no choice.
    private func firstContainer(_ container: ContainerReference, _ operation: String) async throws -> String {
        guard let pod = try await get(Self.pods, namespace: container.namespace, name: container.pod) else {
            throw connection.error(.notFound, operation, "there is no such pod")
        }
        let spec = (try? JSONValue(parsing: pod.bytes))?["spec"]
        guard let name = spec?["containers"]?.array?.first?["name"]?.string else {
            throw connection.error(.malformedAnswer, operation, "the pod has no containers")
        }
        return name
    }

    private func open(
        _ command: [String], in container: ContainerReference, _ operation: String
    ) async throws -> any UpgradedConnection {
        let path = ResourcePath(Self.pods, namespace: container.namespace, name: container.pod, subresource: "exec")
        guard !command.isEmpty, let text = try? path.path() else {
            throw connection.error(.invalid, operation, "a command and a pod's name are needed")
        }
        var request = APIRequest(text, operation: operation)
        for word in command { request.query.add("command", word) }
        // The kubelet, to which the request is handed on, refuses (406) what asks for JSON.
        request.accept = "*/*"
        let name = if let name = container.container { name } else { try await firstContainer(container, operation) }
        request.query.add("container", name)
        request.query.add("stdout", "true")
        request.query.add("stderr", "true")
        // A command may be silent for as long as it likes; the caller's timeout bounds it.
        request.timeouts = HTTPTimeouts(idle: nil, total: nil)
        let handshake = WebSocketHandshake(protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"])
        do {
            let (head, upgraded) = try await connection.upgrade(request, headers: handshake.headers, to: "websocket")
            // Released, the connection closes.
            _ = try handshake.chosen(head)
            return upgraded
        } catch let failure as APIFailure {
            throw failure.error
        } catch let error as WebSocketError {
            throw connection.error(.malformedAnswer, operation, error.reason)
        }
    }
}
