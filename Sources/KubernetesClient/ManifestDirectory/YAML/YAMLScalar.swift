import GodwitModel

/// What a plain YAML scalar means, as Kubernetes' YAML library (sigs.k8s.io/yaml, YAML 1.1 by way of go-yaml v2)
/// reads it: `yes` and `on` are booleans, `0644` is octal, a date is a string.
enum YAMLScalar {
    /// The value of a scalar without quotes and without a tag; nil for an infinity or not-a-number, which JSON has not.
    static func value(_ text: String) -> JSONValue? {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return true
        case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return false
        case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
            return nil
        default: break
        }
        switch text.utf8.first {
        case (0x30...0x39)?, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            return number(text) ?? .string(text)
        default: return .string(text)
        }
    }

    /// Whether a writer must quote the text, because this or another YAML reader would take it for something else.
    static func isAmbiguous(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return true }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            // Numbers in any base, base 60, dates: YAML 1.1 knows many, and not all readers the same.
            if text.utf8.count > 64 { return text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x5F } }
            let looksNumeric = text.utf8.allSatisfy { byte in
                (0x30...0x3A).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
                    || [0x2B, 0x2D, 0x2E, 0x5F, 0x78, 0x58, 0x6F, 0x54, 0x74, 0x5A, 0x7A, 0x20].contains(byte)
            }
            return looksNumeric || value(text) != .string(text)
        default:
            return text == "=" || text == "<<" || value(text) != .string(text)
        }
    }

    /// The number that the text is; nil when it is none.
    static func number(_ text: String) -> JSONValue? {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "_") }
        let plain = text.utf8.first == UInt8(ascii: ".") ? text : String(decoding: digits, as: UTF8.self)
        return integer(plain) ?? float(plain)
    }

    /// An integer with Go's prefixes: `0x`, `0o`, `0b`, or `0` alone for octal.
    private static func integer(_ text: String) -> JSONValue? {
        var digits = text[...]
        var isNegative = false
        if let sign = digits.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            digits.removeFirst()
        }
        guard let first = digits.first, first.isASCII, first.isNumber else { return nil }
        var radix = 10
        let second = digits.utf8.dropFirst().first
        switch digits.prefix(2).lowercased() {
        case "0x": radix = 16
        case "0b": radix = 2
        case "0o": radix = 8
        // Not `0.5` and not `0e1`: those are no integers.
        default: if first == "0", let second, (0x30...0x39).contains(second) { radix = 8 }
        }
        if radix != 10 { digits = digits.dropFirst(second.map { (0x30...0x39).contains($0) } == true ? 1 : 2) }
        guard let last = digits.first, last != "+", last != "-" else { return nil }
        if let value = Int64((isNegative ? "-" : "") + digits, radix: radix) { return .integer(value) }
        if let value = UInt64(digits, radix: radix), !isNegative { return .number(String(value)) }
        // Wider than 64 bits: JSON can hold it as it stands.
        guard radix == 10, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return .number((isNegative ? "-" : "") + digits)
    }

    /// `[-+]? (. [0-9]+ | [0-9]+ (. [0-9]*)?) ([eE] [-+]? [0-9]+)?`
    private static func float(_ text: String) -> JSONValue? {
        var rest = text.utf8[...]
        func digits() -> Int {
            let run = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(run.count)
            return run.count
        }
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let whole = digits()
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = digits()
        }
        guard whole + fraction > 0 else { return nil }
        if let exponent = rest.first, exponent | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
            guard digits() > 0 else { return nil }
        }
        guard rest.isEmpty, let value = Double(text), value.isFinite else { return nil }
        // Go writes a whole float without point or exponent, and a server takes it for an integer field.
        if value.rounded() == value, value.magnitude < 9e15 { return .integer(Int64(value)) }
        // As it was written where JSON allows it, so that no digit is lost.
        if let literal = try? JSONValue(parsing: text), case .number = literal { return literal }
        return .number("\(value)")
    }
}
