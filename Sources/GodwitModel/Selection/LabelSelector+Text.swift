extension LabelSelector: CustomStringConvertible {
    /// Parses the text form: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, separated by commas.
    ///
    /// - Throws: ``LabelSelectorError``.
    public init(parsing text: String) throws(LabelSelectorError) {
        var requirements: [Requirement] = []
        for part in Self.split(text) {
            let term = part.trimmingSpaces()
            if term.isEmpty {
                if text.trimmingSpaces().isEmpty { continue }
                throw LabelSelectorError(text: text, reason: "a condition is missing")
            }
            requirements.append(try Self.requirement(term, in: text))
        }
        self.init(requirements)
    }

    /// Splits at commas outside parentheses.
    private static func split(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var depth = 0
        for index in text.indices {
            switch text[index] {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        parts.append(text[start...])
        return parts
    }

    private static func requirement(_ term: String, in text: String) throws(LabelSelectorError) -> Requirement {
        if let open = term.firstIndex(of: "(") {
            guard term.hasSuffix(")") else { throw LabelSelectorError(text: text, reason: "')' is missing") }
            let words = term[..<open].split(separator: " ").map(String.init)
            let list = term[term.index(after: open)...].dropLast()
            let values = list.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingSpaces() }
            guard words.count == 2 else { throw LabelSelectorError(text: text, reason: "'key in (…)' expected") }
            let key = try checked(words[0], in: text)
            for value in values { try check(value: value, in: text) }
            switch words[1] {
            case "in": return .isIn(key: key, values: values)
            case "notin": return .notIn(key: key, values: values)
            default: throw LabelSelectorError(text: text, reason: "'\(words[1])' is neither in nor notin")
            }
        }
        for (mark, isEquality) in [("!=", false), ("==", true), ("=", true)] {
            guard let range = term.firstRange(of: mark) else { continue }
            let key = try checked(term[..<range.lowerBound].trimmingSpaces(), in: text)
            let value = term[range.upperBound...].trimmingSpaces()
            guard !value.contains("=") else { throw LabelSelectorError(text: text, reason: "two '=' in one condition") }
            try check(value: value, in: text)
            return isEquality ? .isIn(key: key, values: [value]) : .notIn(key: key, values: [value])
        }
        if term.hasPrefix("!") {
            return .doesNotExist(key: try checked(term.dropFirst().trimmingSpaces(), in: text))
        }
        return .exists(key: try checked(term, in: text))
    }

    private static func checked(_ key: String, in text: String) throws(LabelSelectorError) -> String {
        guard !key.isEmpty, key.utf8.allSatisfy({ isLabelByte($0) || $0 == UInt8(ascii: "/") }) else {
            throw LabelSelectorError(text: text, reason: "'\(key)' is not a label key")
        }
        return key
    }

    /// A server refuses other values, and text that means something in a selector must not get into one.
    private static func check(value: String, in text: String) throws(LabelSelectorError) {
        guard value.utf8.count <= 63, value.utf8.allSatisfy(isLabelByte) else {
            throw LabelSelectorError(text: text, reason: "'\(value)' is not a label value")
        }
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// The text form, as a server takes it in `labelSelector`.
    public var description: String {
        requirements.map { requirement in
            switch requirement {
            case .isIn(let key, let values):
                values.count == 1 ? "\(key)=\(values[0])" : "\(key) in (\(values.joined(separator: ",")))"
            case .notIn(let key, let values):
                values.count == 1 ? "\(key)!=\(values[0])" : "\(key) notin (\(values.joined(separator: ",")))"
            case .exists(let key): key
            case .doesNotExist(let key): "!\(key)"
            }
        }.joined(separator: ",")
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    package func trimmingSpaces() -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
