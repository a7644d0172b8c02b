/// Go's text form of a duration, which Kubernetes and Velero use in their objects: `720h0m0s`, `1.5s`, `300ms`.
///
/// The grammar and the form written are those of Go's `time.ParseDuration` and `Duration.String`.
public enum GoDuration {
    /// Reads a duration; nil when the text is none, or does not fit 64 bits of nanoseconds as Go's do.
    public static func parse(_ text: String) -> Duration? {
        var rest = Substring(text).utf8
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest.elementsEqual("0".utf8) { return .zero }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            let whole = rest.prefix(while: isDigit)
            rest = rest.dropFirst(whole.count)
            var fraction = rest.prefix(0)
            if rest.first == UInt8(ascii: ".") {
                rest.removeFirst()
                fraction = rest.prefix(while: isDigit)
                rest = rest.dropFirst(fraction.count)
            }
            guard !whole.isEmpty || !fraction.isEmpty else { return nil }
            let unitText = rest.prefix { !isDigit($0) && $0 != UInt8(ascii: ".") }
            rest = rest.dropFirst(unitText.count)
            guard let unit = nanoseconds(of: Substring(unitText)),
                let part = scaled(whole: Substring(whole), fraction: Substring(fraction), unit: unit)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return .nanoseconds(isNegative ? -total : total)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func nanoseconds(of unit: Substring) -> Int64? {
        switch unit {
        case "ns": 1
        // The micro sign and the Greek letter are both in use.
        case "us", "\u{B5}s", "\u{3BC}s": 1000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60 * 1_000_000_000
        case "h": 3600 * 1_000_000_000
        default: nil
        }
    }

    private static func scaled(whole: Substring, fraction: Substring, unit: Int64) -> Int64? {
        guard let count = whole.isEmpty ? 0 : Int64(whole) else { return nil }
        let (value, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        // More digits than a 64-bit number of nanoseconds has are below its precision.
        let digits = fraction.prefix(17)
        guard !digits.isEmpty, let numerator = Double(digits) else { return value }
        var divisor = 1.0
        for _ in digits { divisor *= 10 }
        let (sum, tooLarge) = value.addingReportingOverflow(Int64(numerator * (Double(unit) / divisor)))
        return tooLarge ? nil : sum
    }

    /// Writes a duration, cut to nanoseconds.
    public static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let isNegative = seconds < 0 || attoseconds < 0
        let nanoseconds = UInt64((attoseconds / 1_000_000_000).magnitude)
        let magnitude = seconds.magnitude
        let text: String
        switch (magnitude, nanoseconds) {
        case (0, 0): return "0s"
        case (0, ..<1000): text = "\(nanoseconds)ns"
        case (0, ..<1_000_000): text = decimal(nanoseconds / 1000, nanoseconds % 1000, digits: 3) + "\u{B5}s"
        case (0, _): text = decimal(nanoseconds / 1_000_000, nanoseconds % 1_000_000, digits: 6) + "ms"
        default:
            var parts = ""
            if magnitude >= 3600 { parts += "\(magnitude / 3600)h" }
            if magnitude >= 60 { parts += "\(magnitude / 60 % 60)m" }
            text = parts + decimal(magnitude % 60, nanoseconds, digits: 9) + "s"
        }
        return isNegative ? "-" + text : text
    }

    private static func decimal(_ whole: UInt64, _ fraction: UInt64, digits: Int) -> String {
        guard fraction > 0 else { return "\(whole)" }
        let text = String(fraction)
        var padded = String(repeating: "0", count: digits - text.count) + text
        while padded.last == "0" { padded.removeLast() }
        return "\(whole).\(padded)"
    }
}
