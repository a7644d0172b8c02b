import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// Restores into directories where something is already: a volume in use is overwritten with care.
@Suite struct VolumeRestoreTests {
    // MARK: What is not the snapshot's to touch

    @Test(.enabled(if: Workspace.isRoot, "only root may mount"), arguments: ["-t tmpfs none", "--bind $folder/other"])
    func whatIsMountedInsideIsNotDeleted(mount: String) async throws {
        let place = try await VolumePlace()
        try await place.bash("mkdir \(place.data)/mnt")
        try await place.backUp()
        _ = try await place.restore()
        try await place.bash(
            """
            folder=\(place.workspace.folder)
            mkdir -p $folder/other \(place.out)/extra/mnt
            mount \(mount) \(place.out)/mnt
            trap 'umount \(place.out)/mnt' EXIT
            mount \(mount) \(place.out)/extra/mnt
            trap 'umount \(place.out)/mnt \(place.out)/extra/mnt' EXIT
            echo precious >\(place.out)/mnt/file
            echo precious >\(place.out)/extra/mnt/file
            status=0
            \(place.restoreCommand) --delete-extra || status=$?
            # The other one could not be removed, which is said.
            test $status = 3
            cat \(place.out)/mnt/file \(place.out)/extra/mnt/file
            """)
    }

    @Test func aDirectoryInTheWayGoesOnRequest() async throws {
        let place = try await VolumePlace()
        try await place.backUp()
        _ = try await place.restore()
        try await place.bash(
            "cd \(place.out); rm large link; mkdir -p large/a/b link; echo x >large/a/b/c; echo x >link/d")
        let kept = try await place.restore()
        #expect(kept.status == 3 && kept.errors.contains("not empty"), "\(kept)")
        try await place.bash("test -f \(place.out)/large/a/b/c && test -f \(place.out)/link/d")
        let deleted = try await place.restore("--delete-extra")
        #expect(deleted.status == 0, "\(deleted)")
        try await place.expectEqual()
    }

    @Test func extrasOfAnIncompleteSnapshotStay() async throws {
        let place = try await VolumePlace()
        try await place.bash("chmod 000 \(place.data)/large; chmod 700 \(place.workspace.folder)")
        try await place.giveAway()
        let backup = try await place.unprivileged("volume", "backup", place.data, "--as", "shop/data")
        #expect(backup.status == 3 && backup.errors.contains("large"), "\(backup)")
        let arguments = ["volume", "restore", "latest", "--as", "shop/data", "--to", place.data, "--delete-extra"]
        let refused = try await place.godwit(arguments)
        #expect(refused.status == 1 && refused.errors.contains("next:"), "\(refused)")
        try await place.bash("test -f \(place.data)/large")
        let forced = try await place.godwit(arguments + ["--force"])
        #expect(forced.status == 0, "\(forced)")
        try await place.bash("test ! -e \(place.data)/large")
    }

    @Test func whatIsThereAlreadyIsLeftAsItIs() async throws {
        let place = try await VolumePlace()
        try await place.backUp()
        _ = try await place.restore()
        let list = "cd \(place.out) && find . -printf '%p %i %C@\\n' | sort"
        let before = try await place.bash(list).output
        _ = try await place.restore()
        // Not even touched: a backup of it would have to read it again.
        #expect(try await place.bash(list).output == before)
    }

    // MARK: Plan, and comparison afterwards

    @Test func aDryRunSaysWhatWouldBeDone() async throws {
        let place = try await VolumePlace()
        try await place.backUp()
        let new = try await place.restore("--dry-run", "-o", "json")
        #expect(new.status == 0 && !FileManager.default.fileExists(atPath: place.out), "\(new)")
        let plan = try JSONValue(parsing: Array(new.output.utf8))
        #expect(plan["actions"]?.array?.count == 44 && plan[path: "totals", "create", "files"]?.integer == 41)
        _ = try await place.restore()
        try await place.bash(
            "cd \(place.out); echo other >d/1; rm link; mkdir -p extra/e; head -c 2048 /dev/zero >extra/e/f; touch -d @1 large"
        )
        let list = "cd \(place.out) && find . -printf '%p %i %C@ %T@\\n' | sort"
        let before = try await place.bash(list).output
        let dry = try await place.restore("--dry-run", "--delete-extra")
        #expect(
            dry.output.split(separator: "\n") == [
                "replace  d/1 (8.7 KiB)", "delete  extra/ (2.0 KiB)",
                "replace  large (4.8 MiB)", "create  link",
                "would create 0 files (0 B), replace 2 files (4.8 MiB), keep 39 files (336.7 KiB), delete 1 files (2.0 KiB)",
            ], "\(dry)")
        let verified = try await place.json(
            "volume", "restore", "latest", "--as", "shop/data", "--to", place.out, "--dry-run", "--verify")
        #expect(verified[path: "totals", "keep", "files"]?.integer == 40)
        let yaml = try await place.restore("--dry-run", "-o", "yaml")
        #expect(yaml.status == 0 && yaml.output.contains("\n  path: d/1\n"), "\(yaml)")
        #expect(try await place.bash(list).output == before)
        let both = try await place.restore("--dry-run", "--read-back")
        #expect(both.status == 2, "\(both)")
        let done = try await place.json(
            "volume", "restore", "latest", "--as", "shop/data", "--to", place.out, "--delete-extra")
        #expect(done["filesWritten"]?.integer == 2 && done["removed"]?.integer == 1)
        try await place.expectEqual()
    }

    @Test func whatIsReadBackIsCompared() async throws {
        let place = try await VolumePlace()
        try await place.backUp()
        let good = try await place.restore("--read-back")
        #expect(good.status == 0 && good.output.contains("41 files were read back"), "\(good)")
        // Same size and time, another content: a restore leaves it, reading back finds it.
        try await place.bash(
            """
            for name in large d/3; do
                touch -r \(place.out)/$name \(place.workspace.folder)/time
                printf X | dd of=\(place.out)/$name bs=1 seek=1000 conv=notrunc status=none
                touch -r \(place.workspace.folder)/time \(place.out)/$name
            done
            """)
        let bad = try await place.restore("--read-back", "-o", "json")
        #expect(bad.status == 3 && bad.errors.contains("large") && bad.errors.contains("d/3"), "\(bad)")
        let json = try JSONValue(parsing: Array(bad.output.utf8))
        #expect(json[path: "readBack", "filesEqual"]?.integer == 39)
        #expect(json[path: "readBack", "firstFailures"]?.array?.count == 2)
    }

    @Test func zerosAreLeftOutOnRequest() async throws {
        let place = try await VolumePlace(isEmpty: true)
        try await place.bash("cd \(place.data); head -c 8000000 /dev/zero >zeros; echo end >>zeros")
        try await place.backUp()
        let run = try await place.restore("--write-sparse-files", "--parallel-files-download", "1")
        #expect(run.status == 0, "\(run)")
        try await place.bash(
            "cmp \(place.data)/zeros \(place.out)/zeros; test $(du -k \(place.out)/zeros | cut -f 1) -lt 100")
        let wrong = try await place.restore("--parallel-files-download", "0")
        #expect(wrong.status == 2, "\(wrong)")
    }

    @Test func aSnapshotIsDescribed() async throws {
        let place = try await VolumePlace()
        try await place.backUp("--tags", "nightly,first", "--labels", "app=shop", "--ttl", "24h")
        let text = try await place.godwit("volume", "describe", "latest", "--as", "shop/data")
        #expect(text.status == 0, "\(text)")
        let words = ["shop/data", "nightly", "first", "app=shop", "Files:", "41", "Stored:", "Time taken:", "Errors:"]
        for word in words { #expect(text.output.contains(word), "\(word): \(text)") }
        let json = try await place.json("volume", "describe", "latest", "--as", "shop/data")
        #expect(json[path: "labels", "app"]?.string == "shop" && json["tags"]?.array?.count == 2)
        #expect(json[path: "totals", "files"]?.integer == 41 && json["milliseconds"]?.integer != nil)
        let yaml = try await place.godwit("volume", "describe", json["id"]?.string ?? "", "-o", "yaml")
        #expect(yaml.status == 0 && yaml.output.contains("app: shop"), "\(yaml)")
        let missing = try await place.godwit("volume", "describe", "abcdef")
        #expect(missing.status == 1, "\(missing)")
    }

    // MARK: Without rights

    @Test func whoeverOwnsItCanRestoreItTwice() async throws {
        let place = try await VolumePlace()
        try await place.bash(
            """
            cd \(place.data)
            echo 1 >closed; chmod 000 closed
            mkdir -p read-only/inside no-search none exec
            for directory in read-only read-only/inside no-search none exec; do
                echo $directory >$directory/file
                ln $directory/file $directory/link
                touch -d @1234567890.5 $directory/file
            done
            chmod 500 read-only read-only/inside; chmod 600 no-search; chmod 000 none; chmod 300 exec
            touch -d @1234567890 read-only no-search none exec
            """)
        try await place.backUp()
        try await place.giveAway()
        try await place.bash("chgrp -R nogroup \(place.workspace.folder)")
        let arguments = ["volume", "restore", "latest", "--as", "shop/data", "--to", place.out]
        _ = arguments
        for round in 0..<3 {
            let run = try await place.unprivileged(
                "volume", "restore", "latest", "--as", "shop/data", "--to", place.out, "--delete-extra")
            let owners = run.errors.split(separator: "\n").filter { !$0.contains("owner") && !$0.contains("entries") }
            #expect(owners.isEmpty, "round \(round): \(run)")
            // The next round has something to do in directories that may not be written.
            guard round == 0 else { continue }
            try await place.bash(
                """
                cd \(place.out); echo other >read-only/file; echo other >none/file; rm exec/link; echo x >no-search/extra
                chown -hR nobody:nogroup . 
                """)
        }
        try await place.bash("chown -R nobody:nogroup \(place.data)")
        try await place.expectEqual()
    }

    // MARK: When it cannot go on

    @Test(.enabled(if: Workspace.isRoot, "only root may mount"))
    func aFullDiskEndsTheRestore() async throws {
        let place = try await VolumePlace()
        try await place.backUp()
        let run = try await place.workspace.bash(
            """
            mkdir \(place.out)
            mount -t tmpfs -o size=2m none \(place.out)
            trap 'umount \(place.out)' EXIT
            \(place.restoreCommand)
            """)
        #expect(run.status == 1 && run.errors.contains("No space left") && run.errors.contains("make room"), "\(run)")
        #expect(run.errors.split(separator: "\n").count < 5, "\(run)")
    }

    @Test func namesAreNoCommandsForTheTerminal() async throws {
        let place = try await VolumePlace(isEmpty: true)
        try await place.bash("echo x >\(place.data)/$'a\\e[31mb'")
        try await place.backUp()
        try await place.bash("mkdir -p \(place.out)/$'a\\e[31mb'/c")
        let run = try await place.restore()
        #expect(run.status == 3 && run.errors.contains("[31m") && !run.errors.contains("\u{1B}"), "\(run)")
    }
}
