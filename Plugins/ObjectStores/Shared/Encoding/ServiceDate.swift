package import Foundation

/// The date formats of cloud services, without the locale and time-zone machinery of a formatter.
package enum ServiceDate {
    /// `20130524T000000Z`, which signatures of version 4 sign with; its first eight characters are the day.
    package static func basic(_ date: Date) -> String {
        let parts = Civil(date)
        return "\(pad(parts.year, 4))\(pad(parts.month))\(pad(parts.day))T"
            + "\(pad(parts.hour))\(pad(parts.minute))\(pad(parts.second))Z"
    }

    /// `2013-05-24T00:00:00Z`.
    package static func extended(_ date: Date) -> String {
        let parts = Civil(date)
        return "\(pad(parts.year, 4))-\(pad(parts.month))-\(pad(parts.day))T"
            + "\(pad(parts.hour)):\(pad(parts.minute)):\(pad(parts.second))Z"
    }

    /// Reads `2013-05-24T00:00:00Z`, with or without a fraction of a second, also with another zone, as `+01:00`.
    package static func parseExtended(_ text: String) -> Date? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T"), let year = number(bytes[0..<4]),
            let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19])
        else { return nil }
        var fraction = 0.0
        var zone = bytes[19...]
        if zone.first == UInt8(ascii: ".") {
            let digits = zone.dropFirst().prefix { (0x30...0x39).contains($0) }
            // Nobody's clock is finer than a nanosecond.
            guard let value = number(digits.prefix(9)) else { return nil }
            fraction = Double(value) / pow(10, Double(min(digits.count, 9)))
            zone = zone.dropFirst(1 + digits.count)
        }
        guard let offset = seconds(ofZone: Array(zone)) else { return nil }
        return Civil(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
            .date?.addingTimeInterval(fraction - offset)
    }

    /// By how much a zone's clocks are before those of UTC: 0 for `Z`, 3600 for `+01:00`; nil when it is no zone.
    private static func seconds(ofZone zone: [UInt8]) -> TimeInterval? {
        if zone == [UInt8(ascii: "Z")] { return 0 }
        guard zone.count == 6, zone[3] == UInt8(ascii: ":"), let hours = number(zone[1..<3]), hours < 24,
            let minutes = number(zone[4...]), minutes < 60
        else { return nil }
        switch zone[0] {
        case UInt8(ascii: "+"): return TimeInterval(hours * 3600 + minutes * 60)
        case UInt8(ascii: "-"): return -TimeInterval(hours * 3600 + minutes * 60)
        default: return nil
        }
    }

    /// An HTTP date, `Fri, 24 May 2013 00:00:00 GMT`.
    package static func http(_ date: Date) -> String {
        let parts = Civil(date)
        // The first of January 1970 was a Thursday.
        let day = Int((date.timeIntervalSince1970 / 86_400).rounded(.down))
        let name = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(day % 7 + 7) % 7]
        return "\(name), \(pad(parts.day)) \(months[parts.month - 1]) \(pad(parts.year, 4)) "
            + "\(pad(parts.hour)):\(pad(parts.minute)):\(pad(parts.second)) GMT"
    }

    /// Reads an HTTP date, `Fri, 24 May 2013 00:00:00 GMT`.
    package static func parseHTTP(_ text: String) -> Date? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = number(Array(words[1].utf8)[...]),
            let month = months.firstIndex(of: String(words[2])), let year = number(Array(words[3].utf8)[...])
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { number(Array($0.utf8)[...]) }
        guard time.count == 3 else { return nil }
        return Civil(year: year, month: month + 1, day: day, hour: time[0], minute: time[1], second: time[2]).date
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 9 else { return nil }
        var value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }

    private static func pad(_ value: Int, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// A moment by the Gregorian calendar in UTC.
private struct Civil {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
}

extension Civil {
    init(_ date: Date) {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        // Years begin in March here, so that the leap day is a year's last.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        self.init(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1,
            hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60)
    }

    /// The moment; nil when a field is out of its range.
    var date: Date? {
        guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return Date(timeIntervalSince1970: Double(days * 86_400 + hour * 3600 + minute * 60 + second))
    }
}
