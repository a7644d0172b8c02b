public import Foundation
import GodwitModel

/// Which snapshots of a volume to keep.
///
/// The rules are those that users of restic and Proxmox know. Each says what to keep; what no rule keeps is forgotten. A
/// calendar rule keeps the newest snapshot of each of the newest so many hours, days, ISO weeks, months or years (in
/// UTC) that have one; as long as it has some left, it keeps the oldest snapshot too. Without any rule everything is
/// kept. A snapshot of a backup is always kept: it goes when the backup is deleted. A snapshot with a time to live is kept until that has passed, and is forgotten afterwards if no rule keeps it.
public struct ForgetPolicy: Sendable, Hashable {
    /// A part of the calendar.
    public enum Period: String, Sendable, Hashable, CaseIterable {
        case hourly, daily, weekly, monthly, yearly
    }

    /// How many of the newest to keep.
    public var last = 0
    /// For how many hours, days, weeks, months and years to keep one.
    public var periods: [Period: Int] = [:]
    /// Keep all that are not older than this before the newest one of the volume; nil for no such rule.
    public var within: Duration?

    /// No rules.
    public init() {}

    /// Whether there is no rule.
    public var isEmpty: Bool { last <= 0 && within == nil && periods.values.allSatisfy { $0 <= 0 } }
}

/// What a policy says of a snapshot.
public struct ForgetDecision: Sendable, Hashable {
    /// The snapshot.
    public let snapshot: StoredSnapshot
    /// Why it is kept, in words; empty when it is to be forgotten.
    public let reasons: [String]
    /// Whether it is kept.
    public var isKept: Bool { !reasons.isEmpty }

    /// A decision, by a policy or by hand.
    public init(snapshot: StoredSnapshot, reasons: [String]) {
        self.snapshot = snapshot
        self.reasons = reasons
    }
}

extension ForgetPolicy {
    /// Decides on snapshots of any volumes; each volume's are judged on their own. The newest first.
    public func decide(_ snapshots: [StoredSnapshot], now: Date) -> [ForgetDecision] {
        Dictionary(grouping: snapshots) { $0.snapshot.volume }.sorted { $0.key < $1.key }.flatMap { group in
            decide(
                ofOneVolume: group.value.sorted { ($0.snapshot.started, $0.id) > ($1.snapshot.started, $1.id) },
                now: now)
        }
    }

    /// The newest first.
    private func decide(ofOneVolume snapshots: [StoredSnapshot], now: Date) -> [ForgetDecision] {
        var reasons = [[String]](repeating: [], count: snapshots.count)
        for index in snapshots.indices.prefix(max(0, last)) { reasons[index].append("last \(index + 1)") }
        for period in Period.allCases { apply(period, snapshots, &reasons) }
        if let within, let newest = snapshots.first {
            let limit = newest.snapshot.started.addingTimeInterval(-(within / .seconds(1)))
            for (index, snapshot) in snapshots.enumerated() where snapshot.snapshot.started >= limit {
                reasons[index].append("within \(GoDuration.format(within))")
            }
        }
        for (index, snapshot) in snapshots.enumerated() {
            if let backup = snapshot.snapshot.backup { reasons[index].append("backup '\(backup)'") }
            if let expires = snapshot.snapshot.expires {
                if expires > now { reasons[index].append("expires \(RFC3339.format(expires))") }
            } else if isEmpty {
                reasons[index].append("no rule")
            }
        }
        return zip(snapshots, reasons).map { ForgetDecision(snapshot: $0, reasons: $1) }
    }

    private func apply(_ period: Period, _ snapshots: [StoredSnapshot], _ reasons: inout [[String]]) {
        var left = periods[period] ?? 0
        var previous: String?
        for (index, snapshot) in snapshots.enumerated() {
            guard left > 0 else { return }
            let slot = Self.slot(of: snapshot.snapshot.started, period)
            let isOldest = index == snapshots.count - 1
            guard slot != previous || isOldest else { continue }
            reasons[index].append(slot != previous ? "\(period.rawValue) \(slot)" : "oldest for \(period.rawValue)")
            previous = slot
            left -= 1
        }
    }

    private static func slot(of date: Date, _ period: Period) -> String {
        let text = RFC3339.format(date)
        switch period {
        case .hourly: return text.prefix(13) + "h"
        case .daily: return String(text.prefix(10))
        case .monthly: return String(text.prefix(7))
        case .yearly: return String(text.prefix(4))
        case .weekly:
            // The Monday that begins the week; 1970 began on a Thursday.
            let days = (date.timeIntervalSince1970 / 86400).rounded(.down)
            let monday = ((days + 3) / 7).rounded(.down) * 7 - 3
            return "from \(RFC3339.format(Date(timeIntervalSince1970: monday * 86400)).prefix(10))"
        }
    }
}
