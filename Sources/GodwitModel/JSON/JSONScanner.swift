import Glibc

/// Walks over JSON text without building values.
///
/// The scanner sees a buffer that the caller keeps alive for as long as the scanner is used, so it never leaves the
/// closure that lends it. Nesting is limited, because the text may come from a stranger.
struct JSONScanner {
    /// Deeper nesting than this is refused.
    static let maximumDepth = 512

    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// The next byte that is not white space, without consuming it.
    mutating func peek() throws(JSONError) -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return byte
            }
        }
        throw JSONError("unexpected end", at: position)
    }

    /// Consumes a structural byte.
    mutating func expect(_ byte: UInt8) throws(JSONError) {
        let found = try peek()
        guard found == byte else {
            throw JSONError("expected '\(Character(Unicode.Scalar(byte)))'", at: position)
        }
        position += 1
    }

    /// Consumes a byte if it is the next one.
    mutating func accept(_ byte: UInt8) throws(JSONError) -> Bool {
        guard try peek() == byte else { return false }
        position += 1
        return true
    }

    /// Fails unless only white space is left.
    mutating func expectEnd() throws(JSONError) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: throw JSONError("unexpected text after the value", at: position)
            }
        }
    }

    /// Consumes a string and gives the range of its bytes between the quotes, and whether they hold escapes.
    mutating func string() throws(JSONError) -> (range: Range<Int>, isEscaped: Bool) {
        try expect(UInt8(ascii: "\""))
        let start = position
        var isEscaped = false
        while true {
            position = JSONBytes.special(in: bytes, from: position)
            guard position < bytes.count else { throw JSONError("string without end", at: start) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return (start..<(position - 1), isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                position += 2
            default: throw JSONError("control character in a string", at: position)
            }
        }
    }

    /// Consumes a string and decodes it.
    mutating func decodedString() throws(JSONError) -> String {
        let (range, isEscaped) = try string()
        return try decode(range, isEscaped: isEscaped)
    }

    /// Decodes the content of a string found by ``string()``. Bytes that are not UTF-8 are replaced, as Go does.
    func decode(_ range: Range<Int>, isEscaped: Bool) throws(JSONError) -> String {
        let slice = UnsafeBufferPointer(rebasing: bytes[range])
        guard isEscaped else { return String(decoding: slice, as: UTF8.self) }
        return try JSONStringDecoder.decode(slice, offset: range.lowerBound)
    }

    /// The bytes of a range.
    func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: bytes[range]) }

    /// Whether a key is this ASCII text, however it is spelled.
    func matches(_ key: JSONKey, _ text: StaticString) -> Bool {
        guard key.isEscaped else { return holds(key.range, text) }
        return (try? decode(key)) == String(describing: text)
    }

    /// Whether the range holds exactly this ASCII text.
    func holds(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount, let base = bytes.baseAddress else { return false }
        return memcmp(base + range.lowerBound, text.utf8Start, range.count) == 0
    }

    /// Decodes a key.
    func decode(_ key: JSONKey) throws(JSONError) -> String { try decode(key.range, isEscaped: key.isEscaped) }

    /// Consumes one value of any kind and gives the range of its bytes.
    @discardableResult
    mutating func skipValue() throws(JSONError) -> Range<Int> {
        let first = try peek()
        let start = position
        switch first {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"), UInt8(ascii: "["): try skipContainer()
        default: try skipScalar()
        }
        return start..<position
    }

    /// Brackets are matched by depth and kind; what is between them is checked when somebody decodes it.
    private mutating func skipContainer() throws(JSONError) {
        let start = position
        var brackets = BracketStack()
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                _ = try string()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                brackets.open(byte)
                guard brackets.depth <= Self.maximumDepth else { throw JSONError("nested too deeply", at: position) }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard brackets.close(byte) else { throw JSONError("a bracket of the wrong kind", at: position) }
                if brackets.depth == 0 {
                    position += 1
                    return
                }
            default: break
            }
            position += 1
        }
        throw JSONError("object or array without end", at: start)
    }

    private mutating func skipScalar() throws(JSONError) {
        let start = position
        scan: while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09: break scan
            default: position += 1
            }
        }
        guard position > start else { throw JSONError("value missing", at: start) }
    }

    /// Consumes an object and calls `member` with the key; `member` must consume the value, and answers
    /// false to stop early, which leaves the position where it stopped.
    mutating func forEachMember(
        _ member: (inout JSONScanner, _ key: JSONKey) throws(JSONError) -> Bool
    ) throws(JSONError) {
        try expect(UInt8(ascii: "{"))
        if try accept(UInt8(ascii: "}")) { return }
        while true {
            let (range, isEscaped) = try string()
            try expect(UInt8(ascii: ":"))
            guard try member(&self, JSONKey(range: range, isEscaped: isEscaped)) else { return }
            if try accept(UInt8(ascii: ",")) {
                guard try peek() == UInt8(ascii: "\"") else { throw JSONError("expected a key", at: position) }
                continue
            }
            try expect(UInt8(ascii: "}"))
            return
        }
    }

    /// Consumes an array and calls `element` at the start of each element, which it must consume.
    mutating func forEachElement(_ element: (inout JSONScanner) throws(JSONError) -> Void) throws(JSONError) {
        try expect(UInt8(ascii: "["))
        if try accept(UInt8(ascii: "]")) { return }
        while true {
            try element(&self)
            if try accept(UInt8(ascii: ",")) { continue }
            try expect(UInt8(ascii: "]"))
            return
        }
    }
}

/// A member's key as it stands in the text.
struct JSONKey {
    /// The bytes between the quotes.
    let range: Range<Int>
    /// Whether they hold escapes.
    let isEscaped: Bool
}
