/// Percent-encoding as signatures ask for it: everything but letters, digits, `-`, `.`, `_` and `~`, in upper-case hex.
package enum PercentEncoding {
    /// Encodes a query's name or value.
    package static func encode(_ text: String) -> String { encode(text, keepingSlash: false) }

    /// Encodes a key as a path; `/` stays.
    package static func encodePath(_ path: String) -> String { encode(path, keepingSlash: true) }

    /// Decodes what a listing with `encoding-type=url` gives. A `+` is a space there: servers that leave spaces to it
    /// write a plus as `%2B`. nil when it is not well-formed UTF-8.
    package static func decodeListed(_ text: String) -> String? {
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var index = 0
        while index < source.count {
            switch source[index] {
            case UInt8(ascii: "%"):
                guard index + 2 < source.count, let high = hexValue(source[index + 1]),
                    let low = hexValue(source[index + 2])
                else { return nil }
                bytes.append(high << 4 | low)
                index += 2
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            default: bytes.append(source[index])
            }
            index += 1
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func encode(_ text: String, keepingSlash: Bool) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) || (keepingSlash && byte == UInt8(ascii: "/")) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), upperHex[Int(byte >> 4)], upperHex[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let upperHex = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
