import Foundation
import GodwitModel
import GodwitTestKit
import ProgramTestKit
import Testing

/// kill -9 of `volume backup`, `repository forget` and `repository prune` at random moments, in processes of their own:
/// after each, all content is checked and every snapshot comes back; in the end nothing is left over.
///
/// GODWIT_KILL_ROUNDS says how many runs are killed in each place, GODWIT_KILL_SEED chooses other moments.
@Suite(.serialized, .enabled(if: Testbed.isThere, Testbed.hint))
struct VolumeKillTests {
    private static let rounds = TestEnvironment["GODWIT_KILL_ROUNDS"].flatMap { Int($0) } ?? 12
    private static let seed = TestEnvironment["GODWIT_KILL_SEED"].flatMap { UInt64($0) } ?? 1
    /// Snapshots that are kept for comparison.
    private static let kept = 3

    enum Victim: String, CaseIterable {
        case backup, forget, prune
    }

    @Test(arguments: VolumePlace.allCases) func killed(in place: VolumePlace) async throws {
        let volume = try await VolumeSite(place, "volume-kill")
        var killing = Killing(volume: volume, seed: Self.seed)
        try await killing.firstRuns()
        // Where the machine is busy, many are quicker than their killer: then there are more rounds.
        var round = 0
        while round < Self.rounds || killing.kills < Self.rounds / 3 && round < Self.rounds * 4 {
            defer { round += 1 }
            let victim: Victim = [.backup, .prune, .backup, .prune, .forget][round % 5]
            try await killing.kill(victim, round)
            try await killing.expectUnharmed("\(place) round \(round), \(victim)")
            if killing.contents.count > Self.kept { try await killing.forgetOldest() }
        }
        print("kill -9 of volume commands (\(place), seed \(Self.seed)): \(killing.summary)")
        #expect(killing.kills >= Self.rounds / 3, "\(killing.summary)")
        try await volume.expectNoGarbage()
        try await volume.cleanUp()
    }

    /// What was done so far, and what must come back.
    private struct Killing {
        let volume: VolumeSite
        private var numbers: SeededGenerator
        /// The snapshots whose content is known and must be there.
        private(set) var contents: [String] = []
        /// How long the commands take when they are not killed.
        private var durations: [Victim: Duration] = [:]
        private(set) var killed: [Victim: Int] = [:]
        private var survived = 0
        /// All snapshots that there ever were.
        private var known: Set<String> = []

        init(volume: VolumeSite, seed: UInt64) {
            self.volume = volume
            numbers = SeededGenerator(seed: seed)
        }

        var kills: Int { killed.values.reduce(0, +) }

        var summary: String {
            let counts = Victim.allCases.map { "\(killed[$0] ?? 0) \($0) runs" }.joined(separator: ", ")
            return "\(counts) killed, \(survived) were quicker"
        }

        /// One run of each, which takes as long as it takes.
        mutating func firstRuns() async throws {
            for number in 1...2 {
                try await volume.change(number)
                try await run(.backup, after: nil)
                try await noteNewSnapshots()
            }
            for victim in [Victim.forget, .prune] { try await run(victim, after: nil) }
            contents = try await volume.snapshots()
        }

        mutating func kill(_ victim: Victim, _ round: Int) async throws {
            if victim != .forget { try await volume.change(round + 3) }
            if victim == .prune {
                // Something to prune, and no dead run to wait for.
                try await run(.backup, after: nil)
                try await noteNewSnapshots()
                try await forgetOldest()
                let unlock = try await volume.godwit("repository", "unlock", "--all")
                #expect(unlock.status == 0, "\(unlock)")
            }
            let whole = durations[victim] ?? .seconds(1)
            try await run(victim, after: whole * Double.random(in: 0.02...1.02, using: &numbers))
            try await noteNewSnapshots()
        }

        /// Runs a command, and kills it after a time.
        private mutating func run(_ victim: Victim, after time: Duration?) async throws {
            let arguments =
                switch victim {
                case .backup: ["volume", "backup", volume.data, "--as", "shop/data"]
                case .forget: ["repository", "forget", "--keep-last", "1"]
                case .prune: ["repository", "prune", "--grace", "0s", "--minimum-use", "100%"]
                }
            let begun = ContinuousClock.now
            let program = try volume.site.start(arguments)
            if let time { program.signal(SIGKILL, after: time) }
            let result = await program.wait()
            if result.ending == .signalled(SIGKILL), time != nil {
                killed[victim, default: 0] += 1
                return
            }
            #expect(result.status == 0, "\(result)")
            guard time == nil else {
                survived += 1
                // How long it ran nobody knows; a machine that was busy before is quicker now.
                durations[victim] = durations[victim].map { $0 * 0.6 }
                return
            }
            let duration = ContinuousClock.now - begun
            durations[victim] = durations[victim].map { ($0 + duration) / 2 } ?? duration
        }

        /// A run that was killed after its last write has made a snapshot.
        private mutating func noteNewSnapshots() async throws {
            let there = try await volume.snapshots()
            for new in there where !contents.contains(new) && !known.contains(new) {
                try await volume.keepCopy(of: new)
                known.insert(new)
                contents.append(new)
            }
        }

        /// Everything is whole, and every snapshot that nobody forgot comes back.
        mutating func expectUnharmed(_ comment: String) async throws {
            try await volume.expectWhole(comment)
            let there = try await volume.snapshots()
            #expect(!there.isEmpty && there.last == contents.last, "\(comment): the newest snapshot is gone")
            if !comment.hasSuffix("forget") {
                #expect(Set(contents).isSubset(of: there), "\(comment): a snapshot is gone")
            }
            contents = contents.filter(there.contains)
            for snapshot in contents { try await volume.expectEqual(snapshot, comment) }
        }

        mutating func forgetOldest() async throws {
            guard contents.count > 1 else { return }
            let oldest = contents.removeFirst()
            try await volume.forget(oldest)
            try await volume.bash("rm -rf \(volume.copy(oldest))")
        }
    }
}
