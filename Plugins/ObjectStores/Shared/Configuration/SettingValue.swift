import Foundation
import GodwitModel
package import HTTPTransport

/// Reads the values of a location's settings.
package enum SettingValue {
    /// `true` or `false`.
    package static func flag(_ key: String, _ value: String) throws(SettingError) -> Bool {
        switch value.lowercased() {
        case "true", "1", "yes": return true
        case "false", "0", "no", "": return false
        default: throw SettingError(key: key, reason: "'\(value)' is neither true nor false")
        }
    }

    /// A whole number.
    package static func number(
        _ key: String, _ value: String, in range: ClosedRange<Int>
    ) throws(SettingError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw SettingError(
                key: key, reason: "'\(value)' is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Bytes, or a number with `KiB`, `MiB` or `GiB`.
    package static func size(
        _ key: String, _ value: String, in range: ClosedRange<Int>
    ) throws(SettingError) -> Int {
        let units = ["KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
        for (unit, factor) in units where value.hasSuffix(unit) {
            let bounds = (max(1, range.lowerBound / factor))...max(1, range.upperBound / factor)
            return try number(key, String(value.dropLast(3)), in: bounds) * factor
        }
        return try number(key, value, in: range)
    }

    /// How long objects are kept: days, as `30d`, or what Go takes for a duration, as `12h`; nil when empty.
    package static func retention(_ key: String, _ value: String) throws(SettingError) -> Duration? {
        guard !value.isEmpty else { return nil }
        let hour = Duration.seconds(3600)
        let longest = 36_500
        let days = value.hasSuffix("d") ? Int(value.dropLast()) : nil
        let duration = days.map { hour * 24 * min(max($0, 0), longest + 1) } ?? GoDuration.parse(value)
        guard let duration, duration >= hour, duration <= hour * 24 * longest else {
            throw SettingError(
                key: key, reason: "'\(value)' is not like 30d or 12h, from an hour to \(longest) days")
        }
        return duration
    }

    /// Throws unless a mode of retention and its length are set together: a mode alone keeps nothing, and which mode a
    /// length alone means is for nobody to guess.
    package static func requireBoth(
        mode: String, isSet: Bool, retention: Duration?
    ) throws(SettingError) {
        if isSet, retention == nil {
            throw SettingError(
                key: mode, reason: "it keeps nothing without a length: set retain too, such as retain=30d")
        }
        if !isSet, retention != nil {
            throw SettingError(key: "retain", reason: "it needs a mode: set \(mode) too")
        }
    }

    /// PEM text, or base64 of it; nil when empty.
    package static func certificates(
        _ key: String, _ value: String
    ) throws(SettingError) -> TLSConfiguration.Source? {
        guard !value.isEmpty else { return nil }
        if value.contains("-----BEGIN") { return .data(Array(value.utf8)) }
        let decoded = Data(base64Encoded: value, options: .ignoreUnknownCharacters)
        guard let decoded, String(decoding: decoded, as: UTF8.self).contains("-----BEGIN") else {
            throw SettingError(key: key, reason: "it is neither PEM nor base64 of PEM")
        }
        return .data(Array(decoded))
    }

    /// `https://host:port`, with or without a path; nil when empty.
    package static func address(_ key: String, _ value: String) throws(SettingError) -> ServiceAddress? {
        guard !value.isEmpty else { return nil }
        guard let address = ServiceAddress(value) else {
            throw SettingError(key: key, reason: "'\(value)' is not like https://host:port")
        }
        return address
    }

    /// One of a few words; nil when empty.
    package static func choice(
        _ key: String, _ value: String, of words: [String]
    ) throws(SettingError) -> String? {
        guard !value.isEmpty else { return nil }
        guard let word = words.first(where: { $0.lowercased() == value.lowercased() }) else {
            throw SettingError(key: key, reason: "'\(value)' is none of \(words.joined(separator: ", "))")
        }
        return word
    }
}
