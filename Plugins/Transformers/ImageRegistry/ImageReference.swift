/// An image's name as container runtimes read it: host, path, and what follows.
///
/// Source: the reference grammar of the distribution project. A first component with a dot, a colon or an upper-case
/// letter, or `localhost`, is a host; an image without one comes from `docker.io`, and there a single name is in
/// `library/`.
struct ImageReference: Sendable, Hashable {
    /// The host followed by the components of the path.
    let components: [String]
    /// `:tag`, `@digest`, both, or nothing.
    let suffix: String

    static let defaultHost = "docker.io"

    /// Reads an image; nil when the text is no image name, such as a placeholder of a template.
    init?(_ text: String) {
        let (name, suffix) = Self.cut(text)
        guard let components = Self.components(of: name), Self.isSuffix(suffix) else { return nil }
        self.components = components
        self.suffix = suffix
    }

    /// The components of a name without tag and digest; nil when it is malformed.
    static func components(of name: String) -> [String]? {
        var parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 1 || !isHost(parts[0]) { parts.insert(defaultHost, at: 0) }
        if parts[0] == "index.docker.io" { parts[0] = defaultHost }
        if parts[0] == defaultHost, parts.count == 2 { parts.insert("library", at: 1) }
        guard isHostName(parts[0]), parts.dropFirst().allSatisfy(isPathComponent) else { return nil }
        return parts
    }

    static func isHost(_ component: String) -> Bool {
        component == "localhost" || component.contains(".") || component.contains(":")
            || component.contains(where: \.isUppercase)
    }

    /// Separates the name from tag and digest. A colon before the last slash belongs to the host's port.
    private static func cut(_ text: String) -> (String, String) {
        let beforeDigest = text.prefix { $0 != "@" }
        let digest = text[beforeDigest.endIndex...]
        let lastComponent = beforeDigest.lastIndex(of: "/").map(beforeDigest.index(after:)) ?? beforeDigest.startIndex
        guard let colon = beforeDigest[lastComponent...].firstIndex(of: ":") else {
            return (String(beforeDigest), String(digest))
        }
        return (String(beforeDigest[..<colon]), String(beforeDigest[colon...]) + digest)
    }

    static func isHostName(_ text: String) -> Bool {
        let colon = text.firstIndex(of: ":")
        // An IPv6 address stands in brackets.
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            let rest = text[text.index(after: end)...]
            return rest.isEmpty || rest.first == ":" && rest.dropFirst().allSatisfy(\.isASCIIDigit)
        }
        let name = text[..<(colon ?? text.endIndex)]
        let port = colon.map { text[text.index(after: $0)...] }
        guard port.map({ !$0.isEmpty && $0.allSatisfy(\.isASCIIDigit) }) ?? true else { return false }
        return !name.isEmpty && name.allSatisfy { $0.isASCIILetterOrDigit || $0 == "." || $0 == "-" }
    }

    static func isPathComponent(_ text: String) -> Bool {
        !text.isEmpty
            && text.allSatisfy {
                $0.isASCIILetterOrDigit && !$0.isUppercase || $0 == "." || $0 == "_" || $0 == "-"
            }
    }

    private static func isSuffix(_ text: String) -> Bool {
        text.allSatisfy { $0.isASCIILetterOrDigit || ":@._-+".contains($0) }
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
    fileprivate var isASCIILetterOrDigit: Bool { isASCII && (isLetter || isNumber) }
}
