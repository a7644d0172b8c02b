import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// Where a repository of volume data is kept in these tests.
enum VolumePlace: String, CaseIterable, CustomTestStringConvertible {
    case directory
    case bucket

    var testDescription: String { rawValue }
}

/// A directory that changes, its repository, and copies of what the directory was at each snapshot.
struct VolumeSite {
    let site: Site
    let data: String
    private let place: VolumePlace

    init(_ place: VolumePlace, _ name: String) async throws {
        self.place = place
        let bucket = try Site(name)
        site =
            place == .bucket
            ? bucket
            : try Site(name, storage: "file://\(bucket.workspace.makeFolder("store"))", in: bucket.workspace)
        data = try bucket.workspace.makeFolder("data")
        try await change(0, all: true)
    }

    /// Changes a part of the directory; what it becomes follows from the number, but for the random bytes.
    func change(_ number: Int, all: Bool = false) async throws {
        try await bash(
            """
            cd \(data)
            for part in \(all ? "1 2 3 4 5 6" : "\(number % 6 + 1)"); do
                mkdir -p part-$part
                for file in {1..25}; do seq \(number) $((file * 20)) >part-$part/$file; done
                head -c 700000 /dev/urandom >part-$part/noise
                ln -f part-$part/1 part-$part/linked
            done
            rm -rf gone-*
            echo \(number) >gone-\(number)
            ln -sfn part-1/1 link
            """)
    }

    func godwit(_ arguments: String...) async throws -> ProgramResult { try await site.godwit(arguments) }

    func bash(_ script: String) async throws {
        let run = try await site.workspace.bash(script)
        try #require(run.status == 0, "\(run)")
    }

    /// Runs a command that must succeed, and reads its JSON.
    func json(_ arguments: String...) async throws -> JSONValue {
        let run = try await site.godwit(arguments + ["-o", "json"])
        try #require(run.status == 0, "\(run)")
        return try JSONValue(parsing: run.output)
    }

    /// The ids of all snapshots, the oldest first.
    func snapshots() async throws -> [String] {
        try await json("volume", "snapshots").array?.compactMap { $0["id"]?.string } ?? []
    }

    // MARK: Copies

    /// Keeps what the directory is now as the content of a snapshot.
    func keepCopy(of snapshot: String) async throws {
        try await bash("cp -a \(data) \(copy(snapshot))")
    }

    func copy(_ snapshot: String) -> String { site.workspace.path("copy-\(snapshot)") }

    /// Restores a snapshot and compares it with the copy that was kept.
    func expectEqual(_ snapshot: String, _ comment: String) async throws {
        let out = site.workspace.path("out")
        let restore = try await godwit("volume", "restore", snapshot, "--to", out)
        #expect(restore.status == 0, "\(comment): \(restore)")
        let compare = try await site.workspace.bash(
            """
            diff -r --no-dereference \(copy(snapshot)) \(out)
            list() { (cd "$1" && find . -printf '%p %y %m %U %G %n %T@ %l\\n' | sort); }
            diff <(list \(copy(snapshot))) <(list \(out))
            rm -rf \(out)
            """)
        #expect(compare.status == 0, "\(comment): \(snapshot) came back as something else: \(compare)")
    }

    /// The repository is whole, content included.
    func expectWhole(_ comment: String) async throws {
        let check = try await godwit("repository", "check", "--read-data")
        #expect(check.status == 0, "\(comment): \(check)")
    }

    // MARK: Objects

    /// The keys below `repository/`.
    func keys(below folder: String = "") async throws -> [String] {
        let prefix = "repository/\(folder)"
        guard place == .bucket else {
            return Workspace.files(below: site.workspace.path("store")).filter { $0.hasPrefix(prefix) }
        }
        return try await Testbed.keys(below: "\(site.prefix)/\(prefix)")
    }

    /// Nothing but what the snapshots that are left need is in the store; without snapshots, that is nothing at all.
    func expectNoGarbage() async throws {
        try await forget("--keep-last", "1")
        try await prune()
        // A pack that a killed prune had marked and that is needed again loses its mark; the next prune may copy from it.
        try await prune()
        let last = try #require(try await snapshots().last)
        try await expectWhole("after the last prune")
        try await expectEqual(last, "after the last prune")
        let again = try await json("repository", "prune", "--grace", "0s", "--minimum-use", "100%")
        #expect(again["marked"]?.integer == 0 && again["deleted"]?.integer == 0, "\(again)")
        for folder in ["marks/", "locks/"] { #expect(try await keys(below: folder).isEmpty) }

        // A repository that was never killed and holds the same is not smaller.
        let fresh = "file://\(try site.workspace.makeFolder("fresh"))"
        let backup = try await site.workspace.godwit(
            "volume", "backup", copy(last), "--as", "shop/data", "--storage", fresh)
        try #require(backup.status == 0, "\(backup)")
        let stats = try await site.workspace.godwit("repository", "stats", "--storage", fresh, "-o", "json")
        let needed = try #require(try JSONValue(parsing: stats.output)["objectBytes"]?.integer)
        let used = try #require(try await json("repository", "stats")["objectBytes"]?.integer)
        #expect(used < needed + needed / 4 + 100_000, "\(used) bytes instead of \(needed)")

        let forget = try await site.godwit(["repository", "forget"] + snapshots())
        #expect(forget.status == 0, "\(forget)")
        try await prune()
        #expect(try await keys() == ["repository/config.json"].map { key(place, $0) })
    }

    private func key(_ place: VolumePlace, _ key: String) -> String {
        place == .bucket ? "\(site.prefix)/\(key)" : key
    }

    func forget(_ arguments: String...) async throws {
        let run = try await site.godwit(["repository", "forget"] + arguments)
        #expect(run.status == 0, "\(run)")
    }

    /// Removes the locks of the killed, and prunes without a grace.
    func prune() async throws {
        let unlock = try await godwit("repository", "unlock", "--all")
        #expect(unlock.status == 0, "\(unlock)")
        let prune = try await godwit("repository", "prune", "--grace", "0s", "--minimum-use", "100%")
        #expect(prune.status == 0, "\(prune)")
    }

    func cleanUp() async throws {
        if place == .bucket { try await Testbed.removeAll(below: site.prefix) }
    }
}
