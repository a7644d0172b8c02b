/// A pattern for one name: `*`, `?`, `[a-z]`, `[!a]`, and `\` before a byte that is meant as it is.
struct NamePattern: Sendable, Hashable {
    private enum Element: Sendable, Hashable {
        case byte(UInt8)
        case anyOne
        case anyRun
        case oneOf([ClosedRange<UInt8>], isNegated: Bool)

        func matches(_ byte: UInt8) -> Bool {
            switch self {
            case .byte(let own): own == byte
            case .anyOne: true
            case .anyRun: false
            case .oneOf(let ranges, let isNegated): ranges.contains { $0.contains(byte) } != isNegated
            }
        }
    }

    private let elements: [Element]

    /// Parses a pattern; nil when a bracket or an escape has no end.
    init?(_ text: [UInt8]) {
        var elements: [Element] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*"): if elements.last != .anyRun { elements.append(.anyRun) }
            case UInt8(ascii: "?"): elements.append(.anyOne)
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst() else { return nil }
                elements.append(.byte(next))
            case UInt8(ascii: "["):
                guard let bracket = Self.bracket(&rest) else { return nil }
                elements.append(bracket)
            default: elements.append(.byte(byte))
            }
        }
        self.elements = elements
    }

    private static func bracket(_ rest: inout ArraySlice<UInt8>) -> Element? {
        var isNegated = false
        if let first = rest.first, first == UInt8(ascii: "!") || first == UInt8(ascii: "^") {
            isNegated = true
            rest.removeFirst()
        }
        var ranges: [ClosedRange<UInt8>] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "]"), !ranges.isEmpty { return .oneOf(ranges, isNegated: isNegated) }
            if rest.first == UInt8(ascii: "-"), let upper = rest.dropFirst().first, upper != UInt8(ascii: "]") {
                guard byte <= upper else { return nil }
                ranges.append(byte...upper)
                rest.removeFirst(2)
            } else {
                ranges.append(byte...byte)
            }
        }
        return nil
    }

    /// Whether the pattern fits a name. Linear but for the runs: on a mismatch only the last run is tried longer.
    func matches(_ name: ArraySlice<UInt8>) -> Bool {
        var (element, position) = (0, name.startIndex)
        var lastRun: (element: Int, position: Int)?
        while position < name.endIndex {
            if element < elements.count, elements[element] == .anyRun {
                lastRun = (element, position)
                element += 1
            } else if element < elements.count, elements[element].matches(name[position]) {
                element += 1
                position += 1
            } else if let run = lastRun {
                element = run.element + 1
                position = run.position + 1
                lastRun = (run.element, position)
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .anyRun }
    }
}
