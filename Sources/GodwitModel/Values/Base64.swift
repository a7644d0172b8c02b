/// Base64 with `+`, `/` and padding (RFC 4648, section 4).
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// The text that stands for bytes.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the digits of bytes.
    public static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        let alphabet = alphabet
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let word =
                UInt32(bytes[index]) << 16 | UInt32(left > 1 ? bytes[index + 1] : 0) << 8
                | UInt32(left > 2 ? bytes[index + 2] : 0)
            output.append(alphabet[Int(word >> 18)])
            output.append(alphabet[Int(word >> 12 & 63)])
            output.append(left > 1 ? alphabet[Int(word >> 6 & 63)] : UInt8(ascii: "="))
            output.append(left > 2 ? alphabet[Int(word & 63)] : UInt8(ascii: "="))
            index += 3
        }
    }

    /// The bytes that a person's or a program's text stands for, white space passed over; nil when it is not Base64.
    public static func decode(_ text: String) -> [UInt8]? {
        decode(text.utf8.filter { $0 != 0x20 && !(0x09...0x0D).contains($0) }, isCanonical: false)
    }

    /// The bytes that digits stand for; nil when they are not exactly what ``append(_:to:)`` writes.
    public static func decode(_ digits: [UInt8]) -> [UInt8]? { decode(digits, isCanonical: true) }

    /// - Parameter isCanonical: whether the bits of the last digit that belong to no byte must be 0. Otherwise one value
    ///   could be written in several ways, which most programs let pass.
    private static func decode(_ digits: [UInt8], isCanonical: Bool) -> [UInt8]? {
        guard digits.count % 4 == 0 else { return nil }
        let values = values
        let padding = digits.suffix(2).count { $0 == UInt8(ascii: "=") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3)
        for start in stride(from: 0, to: digits.count, by: 4) {
            let isLast = start + 4 == digits.count
            var word: UInt32 = 0
            for index in 0..<4 {
                if isLast, index >= 4 - padding {
                    guard digits[start + index] == UInt8(ascii: "=") else { return nil }
                    word <<= 6
                    continue
                }
                let value = values[Int(digits[start + index])]
                guard value < 64 else { return nil }
                word = word << 6 | UInt32(value)
            }
            let count = isLast ? 3 - padding : 3
            if isCanonical, count < 3, word & (count == 2 ? 0xFF : 0xFFFF) != 0 { return nil }
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - 8 * index))) }
        }
        return bytes
    }
}
