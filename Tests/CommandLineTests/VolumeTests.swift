import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// `godwit volume` and `godwit repository`, as a person uses them and misuses them.
@Suite struct VolumeTests {
    @Test func aDirectoryComesBack() async throws {
        let place = try await VolumePlace()
        let backup = try await place.godwit("volume", "backup", place.data, "--as", "shop/data")
        #expect(backup.status == 0 && backup.output.contains("snapshot"), "\(backup)")
        let restore = try await place.godwit("volume", "restore", "latest", "--as", "shop/data", "--to", place.out)
        #expect(restore.status == 0, "\(restore)")
        try await place.expectEqual()
        // Again: nothing to do. Then with something else in the way: that goes, the rest stays.
        let again = try await place.json("volume", "restore", "latest", "--as", "shop/data", "--to", place.out)
        #expect(again["filesWritten"]?.integer == 0 && again["filesUnchanged"]?.integer == 41)
        try await place.bash("echo more >\(place.out)/extra; echo other >\(place.out)/d/1")
        let mended = try await place.json(
            "volume", "restore", "latest", "--as", "shop/data", "--to", place.out, "--delete-extra")
        #expect(mended["filesWritten"]?.integer == 1 && mended["removed"]?.integer == 1)
        try await place.expectEqual()
    }

    @Test func whatHasTheSameSizeAndTimeIsFoundByVerify() async throws {
        let place = try await VolumePlace()
        _ = try await place.godwit("volume", "backup", place.data, "--as", "shop/data")
        _ = try await place.godwit("volume", "restore", "latest", "--as", "shop/data", "--to", place.out)
        try await place.bash(
            """
            printf X | dd of=\(place.out)/large bs=1 seek=1000 conv=notrunc status=none
            touch -r \(place.data)/large \(place.out)/large
            """)
        let quick = try await place.json("volume", "restore", "latest", "--as", "shop/data", "--to", place.out)
        #expect(quick["filesWritten"]?.integer == 0)
        let thorough = try await place.json(
            "volume", "restore", "latest", "--as", "shop/data", "--to", place.out, "--verify")
        #expect(thorough["filesWritten"]?.integer == 1)
        try await place.expectEqual()
    }

    @Test func anEncryptedRepositoryOpensWithItsKeysOnly() async throws {
        let place = try await VolumePlace()
        let password = try place.workspace.write("correct horse\n", to: "password")
        let other = try place.workspace.write("battery staple\n", to: "other")
        let made = try await place.godwit("repository", "init", "--password-file", password)
        #expect(made.status == 0 && made.output.contains("encrypted"), "\(made)")
        let none = try await place.godwit("volume", "backup", place.data, "--as", "shop/data")
        #expect(none.status == 1 && none.errors.contains("GODWIT_REPOSITORY_PASSWORD"), "\(none)")
        let wrong = try await place.godwit("volume", "snapshots", "--password-file", other)
        #expect(wrong.status == 1 && !wrong.errors.contains("battery"), "\(wrong)")
        let added = try await place.godwit(
            "repository", "key", "add", "--new-password-file", other, "--label", "second", "--password-file", password)
        #expect(added.status == 0, "\(added)")
        let backup = try await place.workspace.godwit(
            ["volume", "backup", place.data, "--as", "shop/data", "--storage", place.storage],
            environment: ["GODWIT_REPOSITORY_PASSWORD": "battery staple"])
        #expect(backup.status == 0, "\(backup)")
        let keys = try await place.json("repository", "key", "list", "--password-file", password)
        let first = try #require(keys.array?.first { $0["label"]?.string == "" }?["id"]?.string)
        let own = try await place.godwit("repository", "key", "remove", first, "--password-file", password)
        #expect(own.status == 1, "\(own)")
        let removed = try await place.godwit("repository", "key", "remove", first, "--password-file", other)
        #expect(removed.status == 0, "\(removed)")
        #expect(try await place.godwit("volume", "snapshots", "--password-file", password).status == 1)
        let restore = try await place.godwit(
            "volume", "restore", "latest", "--as", "shop/data", "--to", place.out, "--password-file", other)
        #expect(restore.status == 0, "\(restore)")
        try await place.expectEqual()
    }

    @Test func forgottenSnapshotsFreeTheirRoom() async throws {
        let place = try await VolumePlace()
        for round in 0..<3 {
            try await place.bash(
                "head -c 3000000 /dev/urandom >\(place.data)/changing; touch -d @\(round) \(place.data)/d")
            _ = try await place.godwit("volume", "backup", place.data, "--as", "shop/data")
        }
        let dry = try await place.godwit("repository", "forget", "--keep-last", "1", "--dry-run")
        #expect(dry.status == 0 && dry.output.contains("2 of 3 snapshots would be forgotten"), "\(dry)")
        #expect(try await place.json("volume", "snapshots").array?.count == 3)
        _ = try await place.godwit("repository", "forget", "--keep-last", "1")
        let before = try await place.json("repository", "stats")["objectBytes"]?.integer ?? 0
        let prune = try await place.godwit("repository", "prune", "--grace", "0s", "--minimum-use", "100%")
        #expect(prune.status == 0, "\(prune)")
        let after = try await place.json("repository", "stats")["objectBytes"]?.integer ?? .max
        #expect(after < before - 5_500_000, "\(before) -> \(after)")
        let check = try await place.godwit("repository", "check", "--read-data")
        #expect(check.status == 0 && check.output.contains("whole"), "\(check)")
        _ = try await place.godwit("volume", "restore", "latest", "--as", "shop/data", "--to", place.out)
        try await place.expectEqual()
    }

    @Test func damageIsFoundAndRefused() async throws {
        let place = try await VolumePlace()
        _ = try await place.godwit("volume", "backup", place.data, "--as", "shop/data")
        try await place.bash(
            """
            pack=$(ls \(place.store)/repository/packs/*/*.tar | head -n 1)
            printf X | dd of="$pack" bs=1 seek=2000000 conv=notrunc status=none
            """)
        let structure = try await place.godwit("repository", "check")
        #expect(structure.status == 0, "\(structure)")
        let check = try await place.godwit("repository", "check", "--read-data")
        #expect(check.status == 1 && check.output.contains("repository/packs/"), "\(check)")
        let restore = try await place.godwit("volume", "restore", "latest", "--as", "shop/data", "--to", place.out)
        #expect(restore.status == 3 && restore.errors.contains("large"), "\(restore)")
        // No wrong content under a right name; the rest is there.
        try await place.bash("[[ ! -e \(place.out)/large ]] && diff -r \(place.data)/d \(place.out)/d")
    }

    @Test func aSnapshotIsLookedInto() async throws {
        let place = try await VolumePlace()
        _ = try await place.godwit("volume", "backup", place.data, "--as", "shop/data")
        let first = try await place.json("volume", "snapshots").array?.first?["id"]?.string ?? ""
        let list = try await place.godwit("volume", "ls", "latest", "--as", "shop/data")
        #expect(list.output.split(separator: "\n").count == 3 && list.output.contains("link -> d/1"), "\(list)")
        let names = try await place.godwit("volume", "ls", String(first.prefix(8)), "/d/", "-o", "name")
        #expect(names.output.split(separator: "\n").count == 40 && names.output.hasPrefix("d/1\n"), "\(names)")
        let cat = try await place.godwit("volume", "cat", "latest", "d/7", "--as", "shop/data")
        #expect(cat.output.hasPrefix("7\n8\n") && cat.output.hasSuffix("\n2000\n"), "\(cat.status)")
        let missing = try await place.godwit("volume", "cat", "latest", "d/77", "--as", "shop/data")
        #expect(missing.status == 1 && missing.errors.contains("d/77"), "\(missing)")
        let file = place.workspace.path("volume.tar.zst")
        let export = try await place.godwit("volume", "export", first, "-f", file)
        #expect(export.status == 0, "\(export)")
        try await place.bash("mkdir \(place.out); tar --zstd -xpf \(file) -C \(place.out)")
        try await place.expectEqual()
        try await place.bash(
            "rm \(place.data)/d/1; chmod 600 \(place.data)/d/2; echo 3 >\(place.data)/d/3; echo >\(place.data)/new")
        _ = try await place.godwit("volume", "backup", place.data, "--as", "shop/data")
        let diff = try await place.godwit("volume", "diff", first, "latest", "--as", "shop/data", "--exit-code")
        #expect(diff.status == 1, "\(diff)")
        #expect(
            Set(diff.output.split(separator: "\n")).isSuperset(of: ["- d/1", "A d/2", "M d/3", "+ new"]), "\(diff)")
        let same = try await place.godwit("volume", "diff", first, first, "--exit-code")
        #expect(same.status == 0 && same.output.isEmpty, "\(same)")
    }

    @Test func whatIsTypedWronglyIsSaid() async throws {
        let place = try await VolumePlace()
        for (arguments, status, words) in [
            (["volume", "backup", "/nowhere", "--as", "a/b"], 1, "/nowhere"),
            (["volume", "backup", place.data], 2, "--as"),
            (["volume", "backup", place.data, "--as", "ab"], 2, "namespace/name"),
            (["volume", "backup", place.data, "--as", "a/b", "--ttl", "soon"], 2, "--ttl"),
            (["volume", "restore", "latest", "--to", place.out], 2, "--as"),
            (["repository", "check", "--read-data-subset", "200%"], 2, "read-data-subset"),
            (["repository", "forget", "abc", "--keep-last", "1"], 2, "not both"),
            (["volume", "snapshots"], 1, "no repository"),
            (["volume", "snapshots", "--password-file", "/nowhere"], 1, "/nowhere"),
        ] {
            let run = try await place.godwit(arguments)
            #expect(Int(run.status) == status && run.errors.contains(words), "\(run)")
        }
        #expect(Workspace.files(below: place.store).allSatisfy { !$0.contains("snapshots") })
    }
}
