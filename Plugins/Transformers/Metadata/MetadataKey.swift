import GodwitModel

/// What Kubernetes allows as the key of a label or annotation, and as the value of a label.
///
/// Source: the API's validation of qualified names and label values.
enum MetadataKey {
    private static let maximum = 63

    /// What is wrong with a key; nil when it is one.
    static func problem(with key: String) -> String? {
        let parts = key.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, let problem = NameValidation.problem(withSubdomain: String(parts[0])) {
            return "before the '/', \(problem)"
        }
        let name = parts[parts.count - 1]
        return name.isEmpty ? "its name is empty" : problem(withName: name)
    }

    /// What is wrong with the value of a label; nil when it is one. It may be empty.
    static func problem(withLabelValue value: String) -> String? { value.isEmpty ? nil : problem(withName: value[...]) }

    private static func problem(withName name: Substring) -> String? {
        if name.utf8.count > maximum { return "it is longer than \(maximum) characters" }
        guard name.utf8.allSatisfy({ isAlphanumeric($0) || "-_.".utf8.contains($0) }) else {
            return "only letters, digits, '-', '_' and '.' are allowed"
        }
        guard let first = name.utf8.first, let last = name.utf8.last, isAlphanumeric(first), isAlphanumeric(last) else {
            return "it must begin and end with a letter or digit"
        }
        return nil
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
