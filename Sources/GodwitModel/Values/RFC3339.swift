public import Foundation

/// Points in time as Kubernetes writes them: `2026-11-21T01:31:06Z` (RFC 3339).
public enum RFC3339 {
    /// Writes a time in UTC, cut to seconds as `metav1.Time` is.
    public static func format(_ date: Date) -> String {
        let seconds = secondsSince1970(date)
        let (year, month, day) = civil(fromDays: floorDivide(seconds, 86400))
        let second = seconds - floorDivide(seconds, 86400) * 86400
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
    }

    /// Years 0 to 9999 are all that the format has; what is outside becomes the nearest that it has.
    private static func secondsSince1970(_ date: Date) -> Int {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        return Int(min(max(seconds, -62_167_219_200), 253_402_300_799))
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// Reads a time with any offset from UTC, and with or without a fraction; nil when the text is none.
    public static func parse(_ text: String) -> Date? {
        var reader = FieldReader(rest: Array(text.utf8)[...])
        guard let year = reader.digits(4), reader.accept("-"), let month = reader.digits(2), reader.accept("-"),
            let day = reader.digits(2), reader.accept("T") || reader.accept("t"), let hour = reader.digits(2),
            reader.accept(":"), let minute = reader.digits(2), reader.accept(":"), let second = reader.digits(2)
        else { return nil }
        // 60 is a leap second, which the count of seconds does not know.
        guard (1...12).contains(month), (1...daysInMonth(month, year)).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        var fraction = 0.0
        if reader.accept(".") {
            guard let value = reader.fraction() else { return nil }
            fraction = value
        }
        guard let offset = reader.offset(), reader.rest.isEmpty else { return nil }
        let seconds = days(fromCivil: year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
        return Date(timeIntervalSince1970: Double(seconds) + fraction)
    }

    private struct FieldReader {
        var rest: ArraySlice<UInt8>

        mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: scalar) else { return false }
            rest.removeFirst()
            return true
        }

        mutating func digits(_ count: Int) -> Int? {
            let field = rest.prefix(count)
            guard field.count == count, field.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            rest = rest.dropFirst(count)
            return field.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }

        mutating func fraction() -> Double? {
            let field = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(field.count)
            return field.isEmpty ? nil : Double("0." + String(decoding: field, as: UTF8.self))
        }

        mutating func offset() -> Int? {
            if accept("Z") || accept("z") { return 0 }
            let sign = accept("+") ? 1 : accept("-") ? -1 : 0
            guard sign != 0, let hours = digits(2), accept(":"), let minutes = digits(2), hours < 24, minutes < 60
            else { return nil }
            return sign * (hours * 3600 + minutes * 60)
        }
    }

    private static func floorDivide(_ number: Int, _ divisor: Int) -> Int {
        let quotient = number / divisor
        return number % divisor < 0 ? quotient - 1 : quotient
    }

    private static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
    }

    private static func daysInMonth(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01. Years are counted from March, so that the leap day is a year's last.
    private static func days(fromCivil year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
