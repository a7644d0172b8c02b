import Foundation
import GodwitModel
import GodwitTestKit
import Testing
import VolumeRepository

@Suite struct ForgetPolicyTests {
    /// The rules, and what of these times they keep.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let policy: ForgetPolicy
        let kept: [String]
        var testDescription: String { name }

        init(_ name: String, _ kept: [String], _ change: (inout ForgetPolicy) -> Void) {
            var policy = ForgetPolicy()
            change(&policy)
            (self.name, self.policy, self.kept) = (name, policy, kept)
        }
    }

    static let times = [
        "2024-12-29T10:00:00Z", "2024-12-30T10:00:00Z", "2025-01-01T10:00:00Z", "2026-01-05T08:00:00Z",
        "2026-01-05T08:30:00Z", "2026-01-05T09:00:00Z", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z",
    ]

    static let rows: [Row] = [
        Row("no rule keeps all", times) { _ in },
        Row("last", ["2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"]) { $0.last = 2 },
        Row("more than there are", times) { $0.last = 100 },
        Row("hourly", Array(times.suffix(4))) { $0.periods[.hourly] = 4 }.dropping("2026-01-05T08:00:00Z"),
        Row("daily", ["2026-01-05T09:00:00Z", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"]) {
            $0.periods[.daily] = 3
        },
        // Both days of the turn of the month are of one ISO week; 30 December 2024 and 1 January 2025 too.
        Row("weekly", ["2025-01-01T10:00:00Z", "2026-01-05T09:00:00Z", "2026-02-01T00:00:00Z"]) {
            $0.periods[.weekly] = 3
        },
        Row("monthly", ["2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"]) { $0.periods[.monthly] = 2 },
        Row(
            "yearly, and the oldest",
            ["2024-12-29T10:00:00Z", "2024-12-30T10:00:00Z", "2025-01-01T10:00:00Z", "2026-02-01T00:00:00Z"]
        ) {
            $0.periods[.yearly] = 9
        },
        Row("within", ["2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"]) { $0.within = .seconds(86400) },
        Row(
            "rules add up",
            ["2024-12-30T10:00:00Z", "2025-01-01T10:00:00Z", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"]
        ) {
            $0.last = 2
            $0.periods[.yearly] = 3
        },
    ]

    @Test(arguments: rows) func rulesKeep(row: Row) async throws {
        let decisions = row.policy.decide(try await Self.snapshots(Self.times), now: Date(timeIntervalSince1970: 0))
        let kept = decisions.filter(\.isKept).map { RFC3339.format($0.snapshot.snapshot.started) }.sorted()
        #expect(kept == row.kept)
        #expect(decisions.count == Self.times.count)
    }

    @Test func timesToLiveAreKept() async throws {
        let now = try #require(RFC3339.parse("2026-03-01T00:00:00Z"))
        let snapshots = try await Self.snapshots(Self.times).enumerated().map { index, stored in
            var snapshot = stored.snapshot
            snapshot.expires = now.addingTimeInterval(index < 4 ? -1 : 1)
            return StoredSnapshot(id: stored.id, snapshot: snapshot)
        }
        #expect(ForgetPolicy().decide(snapshots, now: now).count(where: \.isKept) == 4)
        var last = ForgetPolicy()
        last.last = 6
        #expect(last.decide(snapshots, now: now).count(where: \.isKept) == 6)
    }

    @Test func volumesAreJudgedOnTheirOwn() async throws {
        let one = try await Self.snapshots(Self.times, volume: "one")
        let other = try await Self.snapshots(Self.times, volume: "other")
        var policy = ForgetPolicy()
        policy.last = 1
        let kept = policy.decide(one + other, now: Date()).filter(\.isKept)
        #expect(Set(kept.map(\.snapshot.snapshot.volume.name)) == ["one", "other"])
        #expect(kept.count == 2)
    }

    private static func snapshots(_ times: [String], volume: String = "data") async throws -> [StoredSnapshot] {
        try times.enumerated().map { index, time in
            let started = try #require(RFC3339.parse(time))
            let id = try #require(SnapshotID(String(repeating: "0", count: 62) + "\(10 + index)"))
            return StoredSnapshot(
                id: id,
                snapshot: Snapshot(
                    volume: Snapshot.Volume(namespace: "shop", name: volume), started: started, ended: started,
                    host: "", path: "", tree: [], treeBytes: 0))
        }
    }
}

extension ForgetPolicyTests.Row {
    fileprivate func dropping(_ time: String) -> Self { Self(name, kept.filter { $0 != time }) { $0 = policy } }
}
