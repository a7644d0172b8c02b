extension LineScanner {
    /// A string with escapes, from its first byte on.
    mutating func escapedString() throws(Fault) -> [UInt8] {
        var text: [UInt8] = []
        while !isAtEnd {
            let byte = next
            skip()
            switch byte {
            case UInt8(ascii: "\""):
                guard String(validating: text, as: UTF8.self) != nil else { throw Fault("a string is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try appendEscape(to: &text)
            case 0..<0x20: throw Fault("a string holds a control character")
            default: text.append(byte)
            }
        }
        throw Fault("a string has no end")
    }

    private mutating func skip() { _ = take(next) }

    private mutating func appendEscape(to text: inout [UInt8]) throws(Fault) {
        let byte = next
        skip()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = try hexUnit()
            if 0xD800..<0xDC00 ~= code {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw Fault("half a character") }
                let low = try hexUnit()
                guard 0xDC00..<0xE000 ~= low else { throw Fault("half a character") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw Fault("half a character") }
            text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        default: throw Fault("an unknown escape")
        }
    }

    private mutating func hexUnit() throws(Fault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(next)).hexDigitValue else { throw Fault("an unknown escape") }
            value = value << 4 | UInt32(digit)
            skip()
        }
        return value
    }

    /// Passes over a value of any kind: a field that a later version knows.
    mutating func skipValue(depth: Int = 0) throws(Fault) {
        guard depth < 16 else { throw Fault("values are nested too deeply") }
        switch next {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"):
            skip()
            if take(UInt8(ascii: "}")) { return }
            repeat {
                _ = try string()
                try expect(":")
                try skipValue(depth: depth + 1)
            } while take(UInt8(ascii: ","))
            try expect("}")
        case UInt8(ascii: "["):
            skip()
            if take(UInt8(ascii: "]")) { return }
            repeat { try skipValue(depth: depth + 1) } while take(UInt8(ascii: ","))
            try expect("]")
        default: try skipWord()
        }
    }

    /// A number, true, false or null.
    private mutating func skipWord() throws(Fault) {
        var word: [UInt8] = []
        while case let byte = next, Character(Unicode.Scalar(byte)).isASCIIWordPart {
            word.append(byte)
            skip()
        }
        let text = String(decoding: word, as: UTF8.self)
        guard ["true", "false", "null"].contains(text) || Double(text) != nil else {
            throw Fault("an unknown field has no value")
        }
    }
}

extension Character {
    fileprivate var isASCIIWordPart: Bool {
        isASCII && (isLetter || isNumber || self == "-" || self == "+" || self == ".")
    }
}
