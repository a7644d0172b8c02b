/// A pattern for names: `*`, `?`, `[abc]`, `[a-z]`, `[!a]` or `[^a]`, and alternatives `{a,b*}`, which may stand in each
/// other, as Velero and the shell read them.
public struct Glob: Sendable, Hashable, CustomStringConvertible {
    private enum Element: Sendable, Hashable {
        case literal(Unicode.Scalar)
        case anyOne
        case anyRun
        case oneOf([ClosedRange<Unicode.Scalar>], negated: Bool)
    }

    /// The name must fit one of them.
    private let alternatives: [[Element]]
    /// The pattern as it was written.
    public let description: String

    /// Whether the pattern holds no wildcard.
    public let isLiteral: Bool

    /// Parses a pattern.
    ///
    /// - Throws: ``GlobError`` when a bracket or brace is not closed or empty, or there are too many alternatives.
    public init(_ pattern: String) throws(GlobError) {
        var alternatives: [[Element]] = []
        for text in try GlobAlternatives.expand(pattern) { alternatives.append(try Self.elements(text, in: pattern)) }
        self.alternatives = alternatives
        description = pattern
        isLiteral =
            !pattern.contains("{")
            && alternatives.joined().allSatisfy { if case .literal = $0 { true } else { false } }
    }

    private static func elements(_ text: String, in pattern: String) throws(GlobError) -> [Element] {
        var elements: [Element] = []
        var rest = text.unicodeScalars[...]
        while let character = rest.popFirst() {
            switch character {
            case "*": if elements.last != .anyRun { elements.append(.anyRun) }
            case "?": elements.append(.anyOne)
            case "[": elements.append(try bracket(&rest, in: pattern))
            default: elements.append(.literal(character))
            }
        }
        return elements
    }

    private static func bracket(
        _ rest: inout Substring.UnicodeScalarView, in pattern: String
    ) throws(GlobError) -> Element {
        var isNegated = false
        if let first = rest.first, first == "!" || first == "^" {
            isNegated = true
            rest.removeFirst()
        }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let character = rest.popFirst() {
            if character == "]", !ranges.isEmpty { return .oneOf(ranges, negated: isNegated) }
            if character == "]" { break }
            if rest.first == "-", let upper = rest.dropFirst().first, upper != "]" {
                guard character <= upper else { break }
                ranges.append(character...upper)
                rest = rest.dropFirst(2)
            } else {
                ranges.append(character...character)
            }
        }
        throw GlobError(pattern: pattern, reason: GlobError.bracket)
    }

    /// Whether the whole name fits the pattern. Time grows with the product of the lengths at most.
    public func matches(_ name: String) -> Bool {
        if isLiteral { return name == description }
        let characters = Array(name.unicodeScalars)
        return alternatives.contains { Self.matches($0, characters) }
    }

    private static func matches(_ elements: [Element], _ characters: [Unicode.Scalar]) -> Bool {
        var index = 0
        var element = 0
        var retry: (element: Int, index: Int)?
        while index < characters.count {
            if element < elements.count, elements[element] == .anyRun {
                retry = (element + 1, index)
                element += 1
            } else if element < elements.count, accepts(elements[element], characters[index]) {
                element += 1
                index += 1
            } else if let last = retry {
                retry = (last.element, last.index + 1)
                element = last.element
                index = last.index + 1
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .anyRun }
    }

    private static func accepts(_ element: Element, _ character: Unicode.Scalar) -> Bool {
        switch element {
        case .literal(let expected): expected == character
        case .anyOne, .anyRun: true
        case .oneOf(let ranges, let isNegated): ranges.contains { $0.contains(character) } != isNegated
        }
    }
}

/// A pattern that is not one.
public struct GlobError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The pattern as it was written.
    public let pattern: String
    /// What is wrong and what to write.
    public let reason: String

    static let bracket = "'[' needs a character list and a closing ']', such as [abc] or [a-z]"

    /// All of it.
    public var description: String { "'\(pattern)' is not a pattern: \(reason)" }
}
