/// Checks a number, `true`, `false` or `null` byte by byte, wherever the text is split (RFC 8259, sections 3 and 6).
struct JSONScalarCheck {
    private enum State {
        case start, minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits
        /// The letters so far, the last one in the lowest byte.
        case word(UInt64)
        case wrong
    }

    private static let words: [UInt64] = ["true", "false", "null"].map { word in
        word.utf8.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private var state = State.start

    /// Takes the next byte.
    @inline(__always)
    mutating func take(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): takeDigit(isZero: byte == UInt8(ascii: "0"))
        default: takeOther(byte)
        }
    }

    private mutating func takeDigit(isZero: Bool) {
        switch state {
        case .start, .minus: state = isZero ? .zero : .integer
        case .integer, .fraction, .exponentDigits: break
        case .point: state = .fraction
        case .exponent, .exponentSign: state = .exponentDigits
        case .zero, .word, .wrong: state = .wrong
        }
    }

    private mutating func takeOther(_ byte: UInt8) {
        switch (state, byte) {
        case (.start, UInt8(ascii: "-")): state = .minus
        case (.zero, UInt8(ascii: ".")), (.integer, UInt8(ascii: ".")): state = .point
        case (.zero, UInt8(ascii: "e")), (.integer, UInt8(ascii: "e")), (.fraction, UInt8(ascii: "e")),
            (.zero, UInt8(ascii: "E")), (.integer, UInt8(ascii: "E")), (.fraction, UInt8(ascii: "E")):
            state = .exponent
        case (.exponent, UInt8(ascii: "+")), (.exponent, UInt8(ascii: "-")): state = .exponentSign
        case (.start, UInt8(ascii: "a")...UInt8(ascii: "z")): state = .word(UInt64(byte))
        case (.word(let letters), UInt8(ascii: "a")...UInt8(ascii: "z")) where letters >> 32 == 0:
            state = .word(letters << 8 | UInt64(byte))
        default: state = .wrong
        }
    }

    /// Whether what was taken is a whole scalar.
    var isComplete: Bool {
        switch state {
        case .zero, .integer, .fraction, .exponentDigits: true
        case .word(let letters): Self.words.contains(letters)
        case .start, .minus, .point, .exponent, .exponentSign, .wrong: false
        }
    }

    /// Whether a byte ends a scalar.
    @inline(__always)
    static func isEnd(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09: true
        default: false
        }
    }
}
