import GodwitModel

/// One or several kubeconfig files, merged. Values are kept as they were read; what is wrong with an entry matters
/// only when the entry is used.
struct Kubeconfig: Sendable {
    /// A named entry and the file that defines it, to which its relative paths refer.
    struct Entry: Sendable {
        let value: JSONValue
        let file: String
        /// Such as `users[admin].user`.
        let field: String
    }

    private(set) var clusters: [String: Entry] = [:]
    private(set) var contexts: [String: Entry] = [:]
    private(set) var users: [String: Entry] = [:]
    private(set) var currentContext: String?
    /// The files that were read, in order.
    private(set) var files: [String] = []

    /// Whether nothing at all was configured.
    var isEmpty: Bool { clusters.isEmpty && contexts.isEmpty && users.isEmpty && currentContext == nil }

    /// What to show as the file when no single one is at fault.
    var origin: KubeconfigError.Origin { KubeconfigError.Origin(file: files.joined(separator: ":")) }

    init() {}

    /// Adds a file's content; what is there already stays, as in kubectl.
    mutating func merge(_ bytes: [UInt8], file: String) throws(KubeconfigError) {
        files.append(file)
        let origin = KubeconfigError.Origin(file: file)
        let document = try KubeconfigDocument.parse(bytes, file: file)
        if document.isNull { return }
        guard document.object != nil else {
            throw KubeconfigError(.syntax, origin, reason: "not a kubeconfig", advice: "check the path")
        }
        if let kind = document["kind"]?.string, kind != "Config" {
            throw KubeconfigError(
                .invalid, origin.field("kind"), reason: "'\(kind)' is not 'Config'", advice: "name a kubeconfig")
        }
        clusters.merge(try Self.entries(document, "clusters", "cluster", file)) { first, _ in first }
        contexts.merge(try Self.entries(document, "contexts", "context", file)) { first, _ in first }
        users.merge(try Self.entries(document, "users", "user", file)) { first, _ in first }
        if currentContext == nil, let name = document["current-context"]?.string, !name.isEmpty {
            currentContext = name
        }
    }

    private static func entries(
        _ document: JSONValue, _ list: String, _ member: String, _ file: String
    ) throws(KubeconfigError) -> [String: Entry] {
        let origin = KubeconfigError.Origin(file: file, field: list)
        guard let value = document[list], !value.isNull else { return [:] }
        guard let elements = value.array else {
            throw KubeconfigError(.invalid, origin, reason: "not a list", advice: "correct the file")
        }
        var entries: [String: Entry] = [:]
        for element in elements {
            guard let name = element["name"]?.string, !name.isEmpty else {
                throw KubeconfigError(.missing, origin, reason: "an entry without a name", advice: "correct the file")
            }
            guard entries[name] == nil else {
                throw KubeconfigError(
                    .invalid, origin, reason: "'\(name)' is defined twice", advice: "remove or rename one of them")
            }
            entries[name] = Entry(
                value: element[member] ?? .object([:]), file: file, field: "\(list)[\(name)].\(member)")
        }
        return entries
    }
}

extension Kubeconfig.Entry {
    /// Where a member stands.
    func origin(_ member: String? = nil) -> KubeconfigError.Origin {
        KubeconfigError.Origin(file: file, field: member.map { "\(field).\($0)" } ?? field)
    }

    /// A member that is an entry of its own.
    func nested(_ member: String) throws(KubeconfigError) -> Kubeconfig.Entry? {
        guard let inner = value[member], !inner.isNull else { return nil }
        guard inner.object != nil else { throw wrongType(member, "a mapping") }
        return Kubeconfig.Entry(value: inner, file: file, field: "\(field).\(member)")
    }

    /// A member's text; nil when it is missing, null or empty.
    func text(_ member: String) throws(KubeconfigError) -> String? {
        switch value[member] {
        case nil, .null: return nil
        case .string(let text): return text.isEmpty ? nil : text
        default: throw wrongType(member, "text")
        }
    }

    /// A member's truth value; false when it is missing or null.
    func flag(_ member: String) throws(KubeconfigError) -> Bool {
        switch value[member] {
        case nil, .null: return false
        case .bool(let flag): return flag
        default: throw wrongType(member, "true or false")
        }
    }

    /// A member's list of texts; empty when it is missing or null.
    func texts(_ member: String) throws(KubeconfigError) -> [String] {
        guard let inner = value[member], !inner.isNull else { return [] }
        guard let elements = inner.array else { throw wrongType(member, "a list") }
        var texts: [String] = []
        for element in elements {
            guard let text = element.string else { throw wrongType(member, "a list of texts") }
            texts.append(text)
        }
        return texts
    }

    /// A member that names a file, made absolute by the folder of the kubeconfig.
    func path(_ member: String) throws(KubeconfigError) -> String? {
        try text(member).map { FilePath.resolve($0, in: FilePath.directory(of: file)) }
    }

    /// A member that holds Base64.
    func data(_ member: String) throws(KubeconfigError) -> [UInt8]? {
        guard let text = try text(member) else { return nil }
        guard let bytes = Base64.decode(text) else { throw wrongType(member, "Base64") }
        return bytes
    }

    /// Says what a member should have been, without its value.
    func wrongType(_ member: String, _ expected: String) -> KubeconfigError {
        KubeconfigError(.invalid, origin(member), reason: "not \(expected)", advice: "correct the file")
    }
}
