import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// What a backup finds, and what it leaves out.
@Suite struct VolumeWalkTests {
    @Test(.enabled(if: Workspace.isRoot, "only root may mount"), arguments: ["-t tmpfs none", "--bind $folder/other"])
    func whatIsMountedInsideIsNotPartOfTheVolume(mount: String) async throws {
        let place = try await VolumePlace()
        let run = try await place.bash(
            """
            folder=\(place.workspace.folder)
            mkdir -p $folder/other \(place.data)/d/mnt/below
            echo hidden >\(place.data)/d/mnt/below/file
            mount \(mount) \(place.data)/d/mnt
            trap 'umount \(place.data)/d/mnt' EXIT
            echo other >\(place.data)/d/mnt/other
            \(Checkout.godwit) volume backup \(place.data) --as shop/data --storage \(place.storage)
            """)
        #expect(run.errors.contains("d/mnt: what is mounted here is not part of the volume"), "\(run)")
        let list = try await place.godwit("volume", "ls", "latest", "--as", "shop/data", "d", "-R", "-o", "name")
        let names = list.output.split(separator: "\n").filter { $0.contains("mnt") }
        #expect(names == ["d/mnt"], "\(list)")
    }

    @Test func whatMayNotBeReadIsNamedAndTheRestIsThere() async throws {
        let place = try await VolumePlace()
        try await place.bash(
            """
            mkdir \(place.data)/closed; echo x >\(place.data)/closed/inside
            ln \(place.data)/large \(place.data)/zzz
            chmod 000 \(place.data)/closed \(place.data)/large \(place.data)/d/7
            """)
        try await place.giveAway()
        let run = try await place.unprivileged("volume", "backup", place.data, "--as", "shop/data")
        #expect(run.status == 3, "\(run)")
        for words in ["open closed:", "open large:", "zzz: it is the same file as large", "open d/7:"] {
            #expect(run.errors.split(separator: "\n").count { $0.contains(words) } == 1, "\(words): \(run)")
        }
        #expect(run.errors.contains("4 entries are missing or incomplete"), "\(run)")
        #expect(run.errors.split(separator: "\n").filter { $0.contains("Permission denied") }.count == 3, "\(run)")
        let described = try await place.json("volume", "describe", "latest", "--as", "shop/data")
        #expect(described["totals"]?["errors"]?.integer == 4 && described["totals"]?["files"]?.integer == 39)
        let restore = try await place.restore()
        #expect(restore.status == 0, "\(restore)")
        try await place.bash(
            "diff \(place.data)/d/8 \(place.out)/d/8; test -d \(place.out)/closed; test ! -e \(place.out)/large")
    }

    @Test func cachesAndPatternsAreLeftOut() async throws {
        let place = try await VolumePlace()
        try await place.bash(
            """
            mkdir -p \(place.data)/cache/big
            printf 'Signature: 8a477f597d28d172789f06886806bc55' >\(place.data)/cache/CACHEDIR.TAG
            echo x >\(place.data)/cache/big/file; echo x >\(place.data)/a.log
            """)
        try await place.backUp("--exclude-caches", "--exclude", "*.log", "--exclude", "/d/1*")
        let list = try await place.godwit("volume", "ls", "latest", "--as", "shop/data", "-R", "-o", "name")
        let names = list.output.split(separator: "\n")
        #expect(names.contains("cache/CACHEDIR.TAG") && names.contains("d/2") && names.count == 34, "\(list)")
        #expect(!names.contains("cache/big") && !names.contains("a.log") && !names.contains("d/1"), "\(list)")
        for option in [["--exclude", "["], ["--exclude", ""]] {
            let wrong = try await place.godwit(["volume", "backup", place.data, "--as", "shop/data"] + option)
            #expect(wrong.status == 2 && wrong.errors.contains("pattern"), "\(wrong)")
        }
    }

    /// Programs rotate logs and write temporary files while they are backed up.
    @Test func filesThatComeAndGoAreNoEnd() async throws {
        let place = try await VolumePlace()
        let run = try await place.workspace.bash(
            """
            cd \(place.data)
            (while :; do
                for number in {1..20}; do echo $number >>d/$number; mv d/$number d/moved; mv d/moved d/$number; done
                rm -rf come; mkdir come; echo x >come/go; : >large; head -c 900000 /dev/zero >>large
            done) &
            writer=$!
            trap "kill $writer" EXIT
            for round in 1 2 3 4 5; do
                status=0
                \(Checkout.godwit) volume backup . --as shop/data --storage \(place.storage) || status=$?
                [[ $status = 0 || $status = 3 ]]
            done
            """)
        #expect(run.status == 0, "\(run)")
        let restore = try await place.restore("--read-back")
        #expect(restore.status == 0, "\(restore)")
        let check = try await place.godwit("repository", "check", "--read-data")
        #expect(check.status == 0, "\(check)")
    }

    @Test func aFewOpenFilesAreEnough() async throws {
        let place = try await VolumePlace(isEmpty: true)
        try await place.bash(
            """
            cd \(place.data)
            seq -f 'd%04.0f/e' 3000 | xargs mkdir -p
            for directory in *; do echo $directory >$directory/e/file; : >$directory/empty; done
            touch -d @1000000000 */e/file
            """)
        for _ in 0..<2 {
            // Long enough ago for the second backup to trust what it sees.
            try await Task.sleep(for: .seconds(1.1))
            let run = try await place.workspace.bash(
                """
                ulimit -n 640
                \(Checkout.godwit) volume backup \(place.data) --as shop/data --storage \(place.storage)
                """)
            #expect(run.status == 0, "\(run)")
        }
        let run = try await place.workspace.bash("ulimit -n 640; \(place.restoreCommand)")
        #expect(run.status == 0, "\(run)")
        try await place.expectEqual()
    }

    @Test func aDirectoryOfManyNamesTakesLittleMemory() async throws {
        let place = try await VolumePlace(isEmpty: true)
        try await place.bash("cd \(place.data); seq -f 'a-name-of-usual-length-%06.0f' 200000 | xargs touch")
        let backup = try await measured(place, "volume", "backup", place.data, "--as", "shop/data")
        #expect(backup.run.status == 0 && backup.peakMemory < 150 << 20, "\(backup)")
        // Into the directory itself: all that is there is listed, and nothing is to be done.
        let restore = try await measured(
            place, "volume", "restore", "latest", "--as", "shop/data", "--to", place.data, "--delete-extra")
        #expect(restore.run.status == 0 && restore.run.output.contains("200000 were there"), "\(restore)")
        #expect(restore.peakMemory < 150 << 20, "\(restore)")
    }

    /// Runs the program below a small one that tells the most memory that it had at a time, in bytes: what this process
    /// starts itself inherits the peak of this process.
    private func measured(
        _ place: VolumePlace, _ arguments: String...
    ) async throws -> (run: ProgramResult, peakMemory: Int) {
        let script = """
            import resource, subprocess, sys
            status = subprocess.call(sys.argv[2:])
            open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10))
            sys.exit(status)
            """
        let peak = place.workspace.path("peak")
        let run = try await place.workspace.start(
            program: "/usr/bin/env",
            ["python3", "-c", script, peak, Checkout.godwit] + arguments + ["--storage", place.storage]
        ).wait()
        return (run, try #require(Int(try String(contentsOfFile: peak, encoding: .utf8))))
    }
}
