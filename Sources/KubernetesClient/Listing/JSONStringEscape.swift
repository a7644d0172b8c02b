/// An escape in a string, wherever the text is split.
struct JSONStringEscape {
    /// 5 behind the backslash, then how many hexadecimal digits are missing.
    private var missing = 0

    var isOpen: Bool { missing > 0 }

    /// A backslash came.
    mutating func begin() { missing = 5 }

    /// Takes a byte behind the backslash; false when it may not stand there.
    mutating func take(_ byte: UInt8) -> Bool {
        guard missing == 5 else {
            missing -= 1
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                return true
            default: return false
            }
        }
        missing = byte == UInt8(ascii: "u") ? 4 : 0
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "u"):
            return true
        default: return false
        }
    }
}
