import CloudStorage
import Foundation
import GodwitModel
import GodwitTestKit
import ProgramTestKit
import Testing

/// kill -9 of a backup that takes snapshots of EBS, which moto plays, at each of its requests in turn, to EC2 and to the
/// bucket, in some order: before it reaches the server, or when it has taken effect and its answer has not come.
///
/// Whatever the moment: no half backup is listed; the next run of the name works; and of every snapshot there is somebody
/// who tells: the backup's own record, or the next run or deletion of the name, with the tag by which it is found.
///
/// GODWIT_KILL_ROUNDS says how many runs are killed, GODWIT_KILL_SEED chooses other moments.
@Suite(.serialized, .enabled(if: CloudSite.isThere, CloudSite.hint))
struct SnapshotKillTests {
    private static let rounds = TestEnvironment["GODWIT_KILL_ROUNDS"].flatMap { Int($0) } ?? 24
    private static let seed = TestEnvironment["GODWIT_KILL_SEED"].flatMap { UInt64($0) } ?? 1

    @Test(.timeLimit(.minutes(30))) func killed() async throws {
        try await CloudSite.with("kill") { cloud in
            var killing = try await Killing(cloud)
            for (round, moment) in try await killing.moments(Self.rounds, seed: Self.seed).enumerated() {
                try await killing.kill(at: moment, thenDeleting: round % 3 == 2)
            }
            print("kill -9 of backups with snapshots (seed \(Self.seed)): \(killing.summary)")
            #expect(killing.orphans > 0 && killing.killed > Self.rounds / 2, "\(killing.summary)")
        }
    }

    /// When a run is killed.
    private struct Moment: CustomStringConvertible {
        enum Server: String { case ec2, bucket }

        let server: Server
        let request: Int
        /// Whether the request has taken effect.
        let isDone: Bool

        var description: String { "\(server.rawValue) request \(request), \(isDone ? "done" : "not sent")" }
    }

    private struct Killing {
        private static let claims = ["a", "b", "c"]

        private let cloud: CloudSite
        /// With the proxies before its servers.
        private let site: Site
        private let ec2: FaultyProxy
        private let bucket: FaultyProxy
        private let options: [String]
        private var volumes: [String] = []
        private(set) var killed = 0
        /// Snapshots that dead runs left.
        private(set) var orphans = 0
        private var whole = 0

        var summary: String {
            "\(killed) killed, \(whole) of them whole all the same; \(orphans) snapshots left and found"
        }

        init(_ cloud: CloudSite) async throws {
            self.cloud = cloud
            func proxy(_ server: String) throws -> FaultyProxy {
                let port = Testbed.value("\(server)_ENDPOINT").split(separator: ":").last.flatMap { UInt16($0) }
                return try FaultyProxy(to: try #require(port))
            }
            ec2 = try proxy("MOTO")
            bucket = try proxy("RADOSGW")
            site = try Site(
                "kill", storage: Testbed.bucketURL(cloud.site.prefix, endpoint: bucket.server.url),
                in: cloud.site.workspace)
            options = [
                "--include-namespaces", cloud.namespace, "--labels", "godwit-test=\(cloud.namespace)",
                "--snapshot-volumes",
            ]
            let settings = [
                "region=\(Testbed.value("MOTO_REGION"))", "endpoint=\(ec2.server.url)",
                "credentials-file=\(site.workspace.path("credentials"))",
            ]
            let set = try await site.workspace.godwit(
                "snapshot-location", "set", "main", "godwit.io/ebs", "--config", settings.joined(separator: ","))
            try #require(set.status == 0, "\(set)")
            for claim in Self.claims {
                let volume = try await CloudSite.volume()
                volumes.append(volume)
                try await cloud.claim(claim, volume: volume)
            }
        }

        // MARK: Moments

        /// The requests of a run that nobody kills, in a seeded order, as often as is wanted.
        func moments(_ count: Int, seed: UInt64) async throws -> [Moment] {
            ec2.arm(nil)
            bucket.arm(nil)
            let sound = try await site.godwit(["backup", "create", "sound"] + options, on: .source)
            try #require(sound.status == 0, "\(sound)")
            let counts: [(Moment.Server, Int)] = [(.ec2, ec2.requestCount), (.bucket, bucket.requestCount)]
            let deletion = try await site.godwit("backup", "delete", "sound", "--confirm")
            try #require(deletion.status == 0, "\(deletion)")
            #expect(try await all().isEmpty)
            let moments = counts.flatMap { server, count in
                (0..<count).flatMap { request in
                    [true, false].map { Moment(server: server, request: request, isDone: $0) }
                }
            }
            var numbers = SeededGenerator(seed: seed)
            let rounds = (0...(count / moments.count)).flatMap { _ in moments.shuffled(using: &numbers) }
            return Array(rounds.prefix(count))
        }

        /// Runs a backup up to a moment, and kills it there.
        private func run(until moment: Moment) async throws -> ProgramResult {
            ec2.arm(nil)
            bucket.arm(nil)
            let proxy = moment.server == .ec2 ? ec2 : bucket
            if moment.isDone {
                proxy.holdAnswers(from: moment.request)
            } else {
                proxy.arm(.stall, at: moment.request, isLasting: true)
            }
            let run = try site.start(["backup", "create", "k"] + options, on: .source)
            func isThere() -> Bool {
                moment.isDone ? proxy.heldAnswers > 0 : proxy.requestCount > moment.request
            }
            while run.isRunning, !isThere() { try await Task.sleep(for: .milliseconds(5)) }
            run.signal(SIGKILL)
            let result = await run.wait()
            ec2.arm(nil)
            bucket.arm(nil)
            return result
        }

        // MARK: What must hold

        mutating func kill(at moment: Moment, thenDeleting: Bool) async throws {
            let result = try await run(until: moment)
            let wasKilled = result.ending == .signalled(SIGKILL)
            if wasKilled { killed += 1 }
            let comment: Comment = "\(moment)\(wasKilled ? "" : ", which did not come")"
            #expect(wasKilled || result.status == 0, "\(comment): \(result)")
            let left = try await all()
            #expect(
                Set(left) == Set(try await tagged("k")), "\(comment): the tags find all snapshots, and nothing else")
            if try await site.listed().contains("k") {
                if wasKilled { whole += 1 }
                return try await expectWhole(left, comment)
            }
            #expect(wasKilled, "\(comment): \(result)")
            orphans += left.count
            if thenDeleting {
                try await expectDeletionTells(left, comment)
            } else {
                try await expectNextRunTells(left, comment)
            }
            for snapshot in left { _ = try await CloudSite.ask("DeleteSnapshot", [("SnapshotId", snapshot)]) }
            #expect(try await all().isEmpty, comment)
        }

        /// A backup that is listed knows all its snapshots, and takes them with it.
        private func expectWhole(_ snapshots: [String], _ comment: Comment) async throws {
            let verify = try await site.godwit("backup", "verify", "k")
            #expect(verify.status == 0, "\(comment): \(verify)")
            #expect(try await described() == Set(snapshots) && snapshots.count == Self.claims.count, comment)
            let deletion = try await site.godwit("backup", "delete", "k", "--confirm")
            #expect(deletion.status == 0 && !deletion.errors.contains("died"), "\(comment): \(deletion)")
            #expect(try await all().isEmpty, comment)
        }

        /// The next backup of the name works, says that there are others, and knows its own.
        private func expectNextRunTells(_ left: [String], _ comment: Comment) async throws {
            let next = try await site.godwit(["backup", "create", "k"] + options, on: .source)
            try #require(next.status == 0, "\(comment): \(next)")
            if !left.isEmpty { #expect(next.errors.contains("velero.io/backup=k"), "\(comment): \(next)") }
            // What the warning says: those with the tag that the backup does not name.
            let own = try await described()
            #expect(own.count == Self.claims.count && own.isDisjoint(with: left), comment)
            #expect(Set(try await tagged("k")).subtracting(own) == Set(left), comment)
            let deletion = try await site.godwit("backup", "delete", "k", "--confirm")
            #expect(deletion.status == 0, "\(comment): \(deletion)")
            #expect(Set(try await all()) == Set(left), "\(comment): a backup takes its own snapshots with it")
        }

        /// Who removes what a dead run left is told the same.
        private func expectDeletionTells(_ left: [String], _ comment: Comment) async throws {
            let deletion = try await site.godwit("backup", "delete", "k", "--confirm")
            guard !left.isEmpty || deletion.status == 0 else {
                // It was killed before it wrote anything.
                #expect(deletion.errors.contains("'k'"), "\(comment): \(deletion)")
                return
            }
            #expect(deletion.status == 0, "\(comment): \(deletion)")
            if !left.isEmpty { #expect(deletion.errors.contains("velero.io/backup=k"), "\(comment): \(deletion)") }
            #expect(try await Testbed.keys(below: "\(site.prefix)/backups/k/").isEmpty, comment)
        }

        // MARK: Snapshots

        /// The snapshots that backup `k` names.
        private func described() async throws -> Set<String> {
            let rows = try await cloud.rows(of: "k")
            return Set(rows.values.compactMap { $0[path: "volumeSnapshot", "id"]?.string })
        }

        /// All snapshots of the volumes.
        private func all() async throws -> [String] {
            try await search(volumes.map { ("volume-id", $0) })
        }

        /// Those with a backup's tag, as docs/snapshots.md has people look for them.
        private func tagged(_ backup: String) async throws -> [String] {
            // Other runs of this test may have backups of the same name.
            let found = try await search([("tag:velero.io/backup", backup)])
            let own = Set(try await search([("tag:godwit-test", cloud.namespace)]))
            return found.filter(own.contains)
        }

        /// The snapshots that one filter finds, whose values are alternatives.
        private func search(_ values: [(filter: String, value: String)]) async throws -> [String] {
            var parameters = [(name: "Filter.1.Name", value: values[0].filter)]
            for (index, value) in values.enumerated() {
                parameters.append(("Filter.1.Value.\(index + 1)", value.value))
            }
            let answer = try await CloudSite.ask("DescribeSnapshots", parameters)
            return (answer.first("snapshotSet")?.all("item") ?? []).compactMap { $0.text("snapshotId") }
        }
    }
}
