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

    static func value(_ scanner: inout JSONScanner, depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONScanner.maximumDepth else {
            throw JSONError("nested too deeply", at: scanner.position)
        }
        switch try scanner.peek() {
        case UInt8(ascii: "{"):
            var members: [String: JSONValue] = [:]
            // The key may hold escapes; decoding looks at the bytes again, which costs little on short keys.
            try scanner.forEachMember { (scanner, key) throws(JSONError) in
                let isEscaped = scanner.slice(key).contains(UInt8(ascii: "\\"))
                let name = try scanner.decode(key, isEscaped: isEscaped)
                // Swift's strings are equal when they look equal; a second spelling must not swallow the first.
                if let index = members.index(forKey: name), !members[index].key.utf8.elementsEqual(name.utf8) {
                    throw JSONError("two keys that differ only in Unicode normalisation", at: key.lowerBound)
                }
                members[name] = try value(&scanner, depth: depth + 1)
                return true
            }
            return .object(members)
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
            if scanner.matches(range, "true") { return .bool(true) }
            if scanner.matches(range, "false") { return .bool(false) }
            if scanner.matches(range, "null") { return .null }
            return try number(scanner.slice(range), at: range.lowerBound)
        }
    }

    private static func number(_ digits: UnsafeBufferPointer<UInt8>, at offset: Int) throws(JSONError) -> JSONValue {
        guard JSONNumberGrammar.accepts(digits) else { throw JSONError("not a value", at: offset) }
        let literal = String(decoding: digits, as: UTF8.self)
        // "-0" is not the integer 0: its sign would be lost.
        if literal != "-0", let value = Int64(literal) { return .integer(value) }
        return .number(literal)
    }
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
