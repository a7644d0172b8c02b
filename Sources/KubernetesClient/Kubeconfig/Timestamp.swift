import Glibc

/// Moments as seconds since 1970.
enum Timestamp {
    /// This moment by the system's clock.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Reads RFC 3339, `2026-01-31T12:00:00.5Z` or with an offset; nil when it is something else.
    static func seconds(_ text: String) -> Double? {
        var rest = Substring(text)
        guard let year = number(&rest, 4), accept(&rest, "-"), let month = number(&rest, 2), accept(&rest, "-"),
            let day = number(&rest, 2), accept(&rest, "T") || accept(&rest, "t") || accept(&rest, " "),
            let hour = number(&rest, 2), accept(&rest, ":"), let minute = number(&rest, 2), accept(&rest, ":"),
            let second = number(&rest, 2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        var fraction = 0.0
        if accept(&rest, ".") {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard !digits.isEmpty, let value = Double("0.\(digits)") else { return nil }
            fraction = value
            rest = rest.dropFirst(digits.count)
        }
        guard let offset = offset(&rest), rest.isEmpty else { return nil }
        let seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
        return Double(seconds) + fraction
    }

    private static func offset(_ rest: inout Substring) -> Int? {
        if accept(&rest, "Z") || accept(&rest, "z") { return 0 }
        let isEast = accept(&rest, "+")
        guard isEast || accept(&rest, "-"), let hours = number(&rest, 2), accept(&rest, ":"),
            let minutes = number(&rest, 2)
        else { return nil }
        return (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
    }

    private static func number(_ rest: inout Substring, _ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return Int(digits)
    }

    private static func accept(_ rest: inout Substring, _ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    /// Days since 1970 in the Gregorian calendar; the year is counted from March, so that a leap day is its last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
