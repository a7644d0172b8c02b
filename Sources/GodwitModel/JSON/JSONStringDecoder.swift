/// Undoes the escapes of a JSON string (RFC 8259, section 7).
enum JSONStringDecoder {
    /// `offset` is where the content starts in the whole text, for errors.
    static func decode(_ bytes: UnsafeBufferPointer<UInt8>, offset: Int) throws(JSONError) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\") else {
                // Quotes and control characters do not occur here, so what is found next is an escape.
                let end = max(index + 1, JSONBytes.special(in: bytes, from: index))
                decoded.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[index..<end]))
                index = end
                continue
            }
            guard index + 1 < bytes.count else { throw JSONError("escape without end", at: offset + index) }
            let escape = bytes[index + 1]
            index += 2
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(escape)
            case UInt8(ascii: "b"): decoded.append(0x08)
            case UInt8(ascii: "f"): decoded.append(0x0C)
            case UInt8(ascii: "n"): decoded.append(0x0A)
            case UInt8(ascii: "r"): decoded.append(0x0D)
            case UInt8(ascii: "t"): decoded.append(0x09)
            case UInt8(ascii: "u"):
                let scalar = try unicodeScalar(bytes, &index, offset: offset)
                decoded.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            default: throw JSONError("unknown escape", at: offset + index - 1)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Reads four digits, and the second half of a surrogate pair; a lone surrogate becomes U+FFFD, as in Go.
    private static func unicodeScalar(
        _ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int, offset: Int
    ) throws(JSONError) -> Unicode.Scalar {
        let replacement: Unicode.Scalar = "\u{FFFD}"
        let high = try hexadecimal(bytes, index, offset: offset)
        index += 4
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else { return replacement }
        let low = try hexadecimal(bytes, index + 2, offset: offset)
        guard (0xDC00...0xDFFF).contains(low) else { return replacement }
        index += 6
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? replacement
    }

    private static func hexadecimal(
        _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, offset: Int
    ) throws(JSONError) -> UInt32 {
        guard index + 4 <= bytes.count else { throw JSONError("escape without end", at: offset + index) }
        var value: UInt32 = 0
        for byte in bytes[index..<index + 4] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: throw JSONError("escape with a wrong digit", at: offset + index)
            }
        }
        return value
    }
}
