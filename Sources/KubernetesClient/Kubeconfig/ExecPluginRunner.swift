import GodwitModel
import Glibc
import HTTPTransport

/// Runs a credential plugin and reads what it answers.
struct ExecPluginRunner: Sendable {
    /// A credential and until when it is good, in seconds since 1970.
    struct Answer: Sendable {
        let credential: Credential
        let expiration: Double?
    }

    /// A plugin that asks nobody has this long; one that talks to a person has five times as much.
    static let timeout = Duration.seconds(60)

    private let plugin: ExecPlugin
    private let environment: [String: String]
    private let timeout: Duration

    init(_ plugin: ExecPlugin, environment: [String: String], timeout: Duration = ExecPluginRunner.timeout) {
        self.plugin = plugin
        self.environment = environment
        self.timeout = timeout
    }

    func run() async throws -> Answer {
        let hasTerminal = isatty(STDIN_FILENO) == 1
        let isInteractive = hasTerminal && plugin.interactiveMode != .never
        if plugin.interactiveMode == .always, !hasTerminal {
            throw failure("it must talk to a person (interactiveMode: Always), but there is no terminal")
        }
        let process = ChildProcess(
            command: plugin.command, arguments: plugin.arguments, environment: variables(isInteractive),
            inheritsTerminal: isInteractive, timeout: isInteractive ? timeout * 5 : timeout, outputLimit: 1 << 20)
        let output: ChildProcess.Output
        do {
            output = try await process.run()
        } catch let error as ChildProcess.Failure {
            throw failure(error.description, isMissing: error.isNotFound)
        }
        guard output.status == .exited(0) else {
            let complaint = PrintableText.cut(String(decoding: output.standardError, as: UTF8.self), at: 1000)
            throw failure("it \(output.status)" + (complaint.isEmpty ? "" : ": \(complaint)"))
        }
        return try answer(output.standardOutput)
    }

    private func variables(_ isInteractive: Bool) -> [String: String] {
        var spec: [String: JSONValue] = ["interactive": .bool(isInteractive)]
        if let cluster = plugin.clusterInfo { spec["cluster"] = cluster }
        let information = JSONValue.object([
            "apiVersion": .string(plugin.apiVersion), "kind": "ExecCredential", "spec": .object(spec),
        ])
        var variables = environment
        for (name, value) in plugin.environment { variables[name] = value }
        variables["KUBERNETES_EXEC_INFO"] = String(decoding: information.serialized(), as: UTF8.self)
        return variables
    }

    private func answer(_ output: [UInt8]) throws(KubeconfigError) -> Answer {
        // The reason of a parse error holds no text of the answer, which is secret.
        let document: JSONValue
        do {
            document = try JSONValue(parsing: output)
        } catch {
            throw failure("its answer is no ExecCredential: \(error)")
        }
        guard document["kind"]?.string == "ExecCredential" else { throw failure("its answer is no ExecCredential") }
        guard document["apiVersion"]?.string == plugin.apiVersion else {
            throw failure("its answer is not of \(plugin.apiVersion), which the kubeconfig names")
        }
        guard let status = document["status"], status.object != nil else { throw failure("its answer has no status") }
        let token = status["token"]?.string ?? ""
        let certificate = pem(status["clientCertificateData"])
        let key = pem(status["clientKeyData"])
        guard (certificate == nil) == (key == nil) else {
            throw failure("its answer has a client certificate without key, or the other way round")
        }
        guard !token.isEmpty || certificate != nil else {
            throw failure("its answer has neither a token nor a client certificate")
        }
        var expiration: Double?
        if let text = status["expirationTimestamp"]?.string {
            guard let time = Timestamp.seconds(text) else { throw failure("its expirationTimestamp is not RFC 3339") }
            expiration = time
        }
        let header =
            token.isEmpty
            ? nil : try HeaderText.checked(Array(token.utf8), what: "plugin's token", origin: plugin.origin)
        return Answer(
            credential: Credential(
                authorization: header.map { "Bearer \($0)" }, clientCertificate: certificate, clientKey: key),
            expiration: expiration)
    }

    private func pem(_ value: JSONValue?) -> TLSConfiguration.Source? {
        value?.string.flatMap { $0.isEmpty ? nil : .data(Array($0.utf8)) }
    }

    private func failure(_ reason: String, isMissing: Bool = false) -> KubeconfigError {
        KubeconfigError(
            .plugin, plugin.origin, reason: "the credential plugin \(plugin.command): \(reason)",
            advice: (isMissing ? plugin.installHint : nil)
                ?? (isMissing ? "install the plugin" : "run the plugin by hand and log in again"))
    }
}
