import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// Two backups, a forget and a prune at once, as processes of their own.
///
/// GODWIT_RACE_ROUNDS says how often in each place.
@Suite(.serialized, .enabled(if: Testbed.isThere, Testbed.hint))
struct VolumeRaceTests {
    private static let rounds = TestEnvironment["GODWIT_RACE_ROUNDS"].flatMap { Int($0) } ?? 4

    @Test(arguments: VolumePlace.allCases) func atOnce(in place: VolumePlace) async throws {
        let volume = try await VolumeSite(place, "volume-race")
        _ = try await volume.json("volume", "backup", volume.data, "--as", "shop/data")
        for round in 1...Self.rounds {
            let comment = "\(place) round \(round)"
            try await volume.change(round)
            // The prune has to do with what was forgotten just now, and the backups bring half of it back.
            try await volume.forget("--keep-last", "1")
            if round.isMultiple(of: 2) { try await volume.change(round - 1) }
            let commands = [
                ["volume", "backup", volume.data, "--as", "shop/data"],
                ["volume", "backup", volume.data, "--as", "shop/other"],
                ["repository", "prune", "--grace", "0s", "--minimum-use", "100%"],
                ["repository", "check"],
            ]
            let shift = round % commands.count
            let runs = try (commands[shift...] + commands[..<shift]).map { try volume.site.start($0) }
            for run in runs {
                let result = await run.wait()
                #expect(result.status == 0, "\(comment): \(result)")
            }
            try await volume.expectWhole(comment)
            for name in ["shop/data", "shop/other"] {
                let newest = try #require(
                    try await volume.json("volume", "snapshots", "--as", name).array?.last?["id"]?.string)
                try await volume.keepCopy(of: newest)
                try await volume.expectEqual(newest, comment)
                try await volume.bash("rm -rf \(volume.copy(newest))")
            }
            let locks = try await volume.keys(below: "locks/")
            #expect(locks.isEmpty, "\(comment): \(locks)")
        }
        // Left alone, a prune finds all that the rounds have left.
        try await volume.forget("--keep-last", "1", "--as", "shop/data")
        let others = try await volume.json("volume", "snapshots", "--as", "shop/other").array ?? []
        for other in others { try await volume.forget(try #require(other["id"]?.string)) }
        let last = try #require(try await volume.snapshots().last)
        try await volume.keepCopy(of: last)
        try await volume.expectNoGarbage()
        try await volume.cleanUp()
    }
}
