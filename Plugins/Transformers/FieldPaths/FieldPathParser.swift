/// Cuts a written path into steps.
struct FieldPathParser {
    private let text: String
    private var rest: Substring

    init(_ text: String) {
        self.text = text
        rest = text[...]
    }

    mutating func steps() throws(FieldPathError) -> [FieldPath.Step] {
        var steps: [FieldPath.Step] = []
        var needsName = true
        while let character = rest.first {
            switch character {
            case "[":
                steps.append(try bracket())
                needsName = false
            case ".":
                guard !needsName else { throw malformed("a name is missing before '.'") }
                rest.removeFirst()
                needsName = true
            default:
                guard needsName else { throw malformed("'.' is missing after ']'") }
                let name = rest.prefix { $0 != "." && $0 != "[" && $0 != "]" }
                guard !name.isEmpty else { throw malformed("']' without '['") }
                rest = rest[name.endIndex...]
                steps.append(.member(String(name)))
                needsName = false
            }
        }
        guard !needsName else { throw malformed(steps.isEmpty ? "it is empty" : "it ends with '.'") }
        return steps
    }

    private mutating func bracket() throws(FieldPathError) -> FieldPath.Step {
        rest.removeFirst()
        if let quote = rest.first, quote == "'" || quote == "\"" {
            rest.removeFirst()
            guard let end = rest.firstIndex(of: quote) else { throw malformed("a quote is not closed") }
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            guard rest.popFirst() == "]" else { throw malformed("']' is missing after a quote") }
            return .member(name)
        }
        guard let end = rest.firstIndex(of: "]") else { throw malformed("'[' is not closed") }
        let inner = rest[..<end]
        rest = rest[rest.index(after: end)...]
        if inner == "*" { return .each }
        guard let index = Int(inner), index >= 0 else { throw malformed("'[\(inner)]' is neither [*] nor a number") }
        return .element(index)
    }

    private func malformed(_ reason: String) -> FieldPathError { FieldPathError(path: text, reason: reason) }
}
