import GodwitModel

/// What may come next between the brackets of a value, wherever the text is split: the part of JSON's grammar
/// (RFC 8259) that strings and scalars leave.
struct JSONGrammar {
    /// Deeper nesting than this is refused.
    static let maximumDepth = 512

    private enum Expectation {
        case value, valueOrEnd, key, keyOrEnd, colon, commaOrEnd
    }

    /// What a byte that is allowed means for the scanner.
    enum Step {
        case goOn, string, scalar
        /// The outermost bracket is closed.
        case end
    }

    private var brackets = BracketStack()
    private var expectation = Expectation.value

    /// Begins a value with its `{` or `[`.
    mutating func begin(_ byte: UInt8) {
        brackets.removeAll()
        open(byte)
    }

    /// Takes the first byte of a token; nil when it may not stand here.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Step? {
        switch byte {
        case UInt8(ascii: "\""): return takeString()
        case UInt8(ascii: ":"):
            guard expectation == .colon else { return nil }
            expectation = .value
            return .goOn
        case UInt8(ascii: ","):
            guard expectation == .commaOrEnd else { return nil }
            expectation = brackets.isInArray ? .value : .key
            return .goOn
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard isValueAllowed, brackets.depth < Self.maximumDepth else { return nil }
            open(byte)
            return .goOn
        case UInt8(ascii: "}"), UInt8(ascii: "]"): return close(byte)
        case 0x20, 0x0A, 0x0D, 0x09: return .goOn
        default:
            guard isValueAllowed else { return nil }
            expectation = .commaOrEnd
            return .scalar
        }
    }

    private var isValueAllowed: Bool { expectation == .value || expectation == .valueOrEnd }

    private mutating func open(_ byte: UInt8) {
        brackets.open(byte)
        expectation = byte == UInt8(ascii: "[") ? .valueOrEnd : .keyOrEnd
    }

    private mutating func takeString() -> Step? {
        switch expectation {
        case .value, .valueOrEnd: expectation = .commaOrEnd
        case .key, .keyOrEnd: expectation = .colon
        case .colon, .commaOrEnd: return nil
        }
        return .string
    }

    private mutating func close(_ byte: UInt8) -> Step? {
        switch expectation {
        case .commaOrEnd, .valueOrEnd, .keyOrEnd: break
        case .value, .key, .colon: return nil
        }
        guard brackets.close(byte) else { return nil }
        expectation = .commaOrEnd
        return brackets.depth == 0 ? .end : .goOn
    }
}
