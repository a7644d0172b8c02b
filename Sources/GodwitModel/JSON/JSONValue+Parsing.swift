extension JSONValue {
    /// Parses JSON text (RFC 8259). Of a key that stands twice the last value counts, as in Go.
    ///
    /// - Throws: ``JSONError`` with the byte offset.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            var scanner = JSONScanner(buffer)
            let value = try Self.value(&scanner, depth: 0)
            try scanner.expectEnd()
            return value
        }
    }

    /// Parses JSON text.
    ///
    /// - Throws: ``JSONError`` with the byte offset.
    public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }

    /// Reads a text as ``init(parsing:)`` does, and keeps nothing of it.
    ///
    /// - Throws: ``JSONError`` where parsing would, but for two spellings of a key.
    static func check(_ scanner: inout JSONScanner, depth: Int = 0) throws(JSONError) {
        guard depth < JSONScanner.maximumDepth else {
            throw JSONError("nested too deeply", at: scanner.position)
        }
        switch try scanner.peek() {
        case UInt8(ascii: "{"):
            try scanner.forEachMember { (scanner, key) throws(JSONError) in
                if key.isEscaped { _ = try scanner.decode(key) }
                try check(&scanner, depth: depth + 1)
                return true
            }
        case UInt8(ascii: "["):
            try scanner.forEachElement { scanner throws(JSONError) in try check(&scanner, depth: depth + 1) }
        case UInt8(ascii: "\""):
            let (range, isEscaped) = try scanner.string()
            if isEscaped { _ = try scanner.decode(range, isEscaped: true) }
        default:
            let range = try scanner.skipValue()
            let isWord = scanner.holds(range, "true") || scanner.holds(range, "false") || scanner.holds(range, "null")
            guard isWord || JSONNumberGrammar.accepts(scanner.slice(range)) else {
                throw JSONError("not a value", at: range.lowerBound)
            }
        }
    }

    static func value(_ scanner: inout JSONScanner, depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONScanner.maximumDepth else {
            throw JSONError("nested too deeply", at: scanner.position)
        }
        switch try scanner.peek() {
        case UInt8(ascii: "{"): return .object(try members(&scanner, depth: depth))
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try scanner.forEachElement { scanner throws(JSONError) in
                elements.append(try value(&scanner, depth: depth + 1))
            }
            return .array(elements)
        case UInt8(ascii: "\""):
            return .string(try scanner.decodedString())
        default:
            let range = try scanner.skipValue()
            if scanner.holds(range, "true") { return .bool(true) }
            if scanner.holds(range, "false") { return .bool(false) }
            if scanner.holds(range, "null") { return .null }
            return try number(scanner.slice(range), at: range.lowerBound)
        }
    }

    private static func members(_ scanner: inout JSONScanner, depth: Int) throws(JSONError) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        try scanner.forEachMember { (scanner, key) throws(JSONError) in
            if members.isEmpty { members.reserveCapacity(4) }
            let name = try scanner.decode(key)
            // Swift's strings are equal when they look equal; a second spelling must not swallow the first.
            if !name.isASCII, let index = members.index(forKey: name), !members[index].key.hasSameBytes(as: name) {
                throw JSONError("two keys that differ only in Unicode normalisation", at: key.range.lowerBound)
            }
            members[name] = try value(&scanner, depth: depth + 1)
            return true
        }
        return members
    }

    private static func number(_ digits: UnsafeBufferPointer<UInt8>, at offset: Int) throws(JSONError) -> JSONValue {
        if let value = smallInteger(digits) { return .integer(value) }
        guard JSONNumberGrammar.accepts(digits) else { throw JSONError("not a value", at: offset) }
        let literal = String(decoding: digits, as: UTF8.self)
        // "-0" is not the integer 0: its sign would be lost.
        if literal != "-0", let value = Int64(literal) { return .integer(value) }
        return .number(literal)
    }
}

extension JSONValue {
    /// The value of up to 18 digits without a sign or leading zero, which is what most numbers are.
    private static func smallInteger(_ digits: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard digits.count <= 18, let first = digits.first, first != 0x30 || digits.count == 1 else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return value
    }
}

extension String {
    /// Whether all characters are ASCII, where no two spellings look alike.
    var isASCII: Bool { utf8.withContiguousStorageIfAvailable { $0.allSatisfy { $0 < 0x80 } } ?? false }
}

/// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
enum JSONNumberGrammar {
    static func accepts(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        func isDigit() -> Bool { index < text.count && (0x30...0x39).contains(text[index]) }
        func digits() -> Bool {
            let start = index
            while isDigit() { index += 1 }
            return index > start
        }
        if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
        if index < text.count, text[index] == UInt8(ascii: "0") { index += 1 } else if !digits() { return false }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            index += 1
            guard digits() else { return false }
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
            guard digits() else { return false }
        }
        return index == text.count
    }
}
