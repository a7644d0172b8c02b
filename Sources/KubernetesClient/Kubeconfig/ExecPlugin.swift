import GodwitModel

/// What a kubeconfig says about a credential plugin (client.authentication.k8s.io, "client-go credential plugins").
struct ExecPlugin: Sendable {
    /// Whether a plugin may talk to the person at the terminal.
    enum InteractiveMode: String, Sendable {
        case never = "Never"
        case ifAvailable = "IfAvailable"
        case always = "Always"
    }

    let apiVersion: String
    /// A path, or a name to be found in `PATH`.
    let command: String
    let arguments: [String]
    /// Additions to the environment, in order.
    let environment: [(name: String, value: String)]
    let installHint: String?
    let interactiveMode: InteractiveMode
    /// What the plugin is told about the cluster; nil unless it is to be told.
    let clusterInfo: JSONValue?
    /// Where the plugin is configured.
    let origin: KubeconfigError.Origin

    static let apiVersions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    init(_ exec: Kubeconfig.Entry, cluster: Kubeconfig.Entry) throws(KubeconfigError) {
        origin = exec.origin()
        apiVersion = try exec.text("apiVersion") ?? ""
        guard Self.apiVersions.contains(apiVersion) else {
            throw KubeconfigError(
                .invalid, exec.origin("apiVersion"),
                reason: apiVersion.isEmpty ? "missing" : "'\(apiVersion)' is not supported",
                advice: "update the plugin and write \(Self.apiVersions[0])")
        }
        guard let command = try exec.text("command") else {
            throw KubeconfigError(
                .missing, exec.origin("command"), reason: "the plugin's command is missing",
                advice: "write the program's name or path")
        }
        // A name is looked up in PATH; a relative path belongs to the kubeconfig's folder.
        self.command =
            command.contains("/") ? FilePath.resolve(command, in: FilePath.directory(of: exec.file)) : command
        arguments = try exec.texts("args")
        environment = try Self.environment(exec)
        installHint = try exec.text("installHint").map { PrintableText.cut($0, at: 500) }
        interactiveMode = try Self.mode(exec, apiVersion)
        clusterInfo = try exec.flag("provideClusterInfo") ? try Self.clusterInfo(cluster) : nil
    }

    private static func environment(
        _ exec: Kubeconfig.Entry
    ) throws(KubeconfigError) -> [(name: String, value: String)] {
        guard let list = exec.value["env"], !list.isNull else { return [] }
        guard let elements = list.array else { throw exec.wrongType("env", "a list") }
        var variables: [(name: String, value: String)] = []
        for element in elements {
            guard let name = element["name"]?.string, !name.isEmpty, !name.contains("=") else {
                throw exec.wrongType("env", "a list of names and values")
            }
            variables.append((name, element["value"]?.string ?? ""))
        }
        return variables
    }

    private static func mode(
        _ exec: Kubeconfig.Entry, _ apiVersion: String
    ) throws(KubeconfigError) -> InteractiveMode {
        guard let text = try exec.text("interactiveMode") else {
            guard apiVersion == apiVersions[0] else { return .ifAvailable }
            throw KubeconfigError(
                .missing, exec.origin("interactiveMode"), reason: "\(apiVersion) requires it",
                advice: "write Never, IfAvailable or Always")
        }
        guard let mode = InteractiveMode(rawValue: text) else {
            throw exec.wrongType("interactiveMode", "Never, IfAvailable or Always")
        }
        return mode
    }

    private static func clusterInfo(_ cluster: Kubeconfig.Entry) throws(KubeconfigError) -> JSONValue {
        var info: [String: JSONValue] = [:]
        for member in ["server", "tls-server-name", "proxy-url"] {
            if let text = try cluster.text(member) { info[member] = .string(text) }
        }
        if try cluster.flag("insecure-skip-tls-verify") { info["insecure-skip-tls-verify"] = true }
        if let data = try cluster.data("certificate-authority-data") {
            info["certificate-authority-data"] = .string(Base64.encode(data))
        } else if let path = try cluster.path("certificate-authority") {
            let data = try SmallFile.read(path, limit: 8 << 20, origin: cluster.origin("certificate-authority"))
            info["certificate-authority-data"] = .string(Base64.encode(data))
        }
        for entry in cluster.value["extensions"]?.array ?? []
        where entry["name"]?.string == "client.authentication.k8s.io/exec" {
            info["config"] = entry["extension"] ?? .null
        }
        return .object(info)
    }
}

/// Text of strangers made fit for a message.
enum PrintableText {
    /// Line breaks become spaces, other control characters vanish, and what is too long is cut.
    static func cut(_ text: String, at limit: Int) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if kept.count >= limit {
                kept.append("…")
                break
            }
            switch scalar.value {
            case 0x09, 0x0A, 0x0D: if kept.last != " " { kept.append(" ") }
            case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: continue
            default: kept.append(scalar)
            }
        }
        while kept.last == " " { kept.removeLast() }
        return String(kept)
    }
}
