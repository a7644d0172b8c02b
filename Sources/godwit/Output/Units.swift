import Foundation

/// Numbers in the form that people read.
enum Units {
    /// `1.5 MiB`
    static func bytes(_ count: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(oneDecimal(value)) \(units[unit])"
    }

    /// `1.5 MiB (1572864 bytes)`
    static func exactBytes(_ count: Int64) -> String {
        count < 1024 ? bytes(count) : "\(bytes(count)) (\(count) bytes)"
    }

    /// `3d4h`, `5m10s`, `0s`: the two largest units.
    static func duration(seconds: Double) -> String {
        let total = Int(max(0, seconds).rounded())
        let parts = [(total / 86400, "d"), (total / 3600 % 24, "h"), (total / 60 % 60, "m"), (total % 60, "s")]
        let significant = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
        return significant.isEmpty ? "0s" : significant.map { "\($0.0)\($0.1)" }.joined()
    }

    /// `0.42 s`, `17.3 s`: the time that something took.
    static func seconds(_ seconds: Double) -> String {
        let hundredths = Int((max(0, seconds) * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
    }

    /// How long ago, for tables; `<none>` for never.
    static func age(_ date: Date?) -> String {
        date.map { duration(seconds: Date().timeIntervalSince($0)) } ?? "<none>"
    }

    /// How long until then, for tables.
    static func remaining(_ date: Date?) -> String {
        guard let date else { return "<none>" }
        let seconds = date.timeIntervalSince(Date())
        return seconds > 0 ? duration(seconds: seconds) : "expired"
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
