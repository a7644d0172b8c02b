/// The alternatives in a pattern's braces, written out: `a{b,c{d,e}}` is `ab`, `acd` and `ace`.
///
/// As in Velero's matcher, an alternative may be empty, and a comma or a closing brace outside braces is itself.
public enum GlobAlternatives {
    /// Patterns that stand for more names than this are mistakes, or worse.
    private static let limit = 1000

    /// The patterns without braces that a pattern stands for, in order.
    ///
    /// - Throws: ``GlobError`` when a brace is not closed or empty, or there are more than a thousand.
    public static func expand(_ pattern: String) throws(GlobError) -> [String] {
        guard pattern.contains("{") else { return [pattern] }
        var rest = pattern[...]
        return try sequence(&rest, in: pattern, isNested: false)
    }

    /// Reads to the end, or to the comma or brace that ends an alternative.
    private static func sequence(
        _ rest: inout Substring, in pattern: String, isNested: Bool
    ) throws(GlobError) -> [String] {
        var texts = [""]
        while let character = rest.first {
            if isNested, character == "," || character == "}" { return texts }
            rest.removeFirst()
            let piece: [String]
            switch character {
            case "{": piece = try alternatives(&rest, in: pattern)
            case "[":
                // What is in brackets are characters, braces too.
                guard let end = rest.firstIndex(of: "]") else {
                    throw GlobError(pattern: pattern, reason: GlobError.bracket)
                }
                piece = ["[" + rest[...end]]
                rest = rest[rest.index(after: end)...]
            default: piece = [String(character)]
            }
            guard texts.count * piece.count <= limit else {
                throw GlobError(pattern: pattern, reason: "it stands for more than \(limit) alternatives")
            }
            texts = texts.flatMap { text in piece.map { text + $0 } }
        }
        guard !isNested else { throw GlobError(pattern: pattern, reason: "'{' needs a closing '}', such as {a,b}") }
        return texts
    }

    private static func alternatives(_ rest: inout Substring, in pattern: String) throws(GlobError) -> [String] {
        var all: [String] = []
        while true {
            all += try sequence(&rest, in: pattern, isNested: true)
            if rest.popFirst() == "}" { break }
        }
        guard all != [""] else { throw GlobError(pattern: pattern, reason: "'{}' needs alternatives, such as {a,b}") }
        return all
    }
}
