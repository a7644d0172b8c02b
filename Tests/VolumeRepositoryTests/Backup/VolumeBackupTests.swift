import Foundation
import Glibc
import GodwitModel
import GodwitTestKit
import Synchronization
import Testing

@testable import VolumeRepository

@Suite struct VolumeBackupTests {
    private let volume = Snapshot.Volume(namespace: "shop", name: "data")

    @Test(arguments: [nil, "a long password"]) func aTreeIsWhole(password: String?) async throws {
        let site = try await Site(password: password)
        try site.write("a/one.txt", bytes("one"))
        try site.write("a/two.txt", bytes("two"))
        try site.write("empty", [])
        try site.write("b/large.bin", noise(count: 3_000_000, seed: 5))
        try site.link("a/link", to: "../empty")
        let (snapshot, summary) = try await site.backUp()
        #expect(summary.files == 4 && summary.directories == 3 && summary.others == 1 && summary.problems == 0)
        #expect(summary.bytes == 3_000_006 && summary.bytesRead == 3_000_006)
        let entries = try await site.entries(of: snapshot)
        #expect(
            entries.map { String(decoding: $0.path, as: UTF8.self) } == [
                "", "a", "a/link", "a/one.txt", "a/two.txt", "b", "b/large.bin", "empty",
            ])
        for entry in entries where entry.kind == .file {
            let content = try await site.content(of: entry)
            #expect(content == (try site.read(entry.path)), "\(String(decoding: entry.path, as: UTF8.self))")
        }
        // What is small shares a chunk.
        let small = entries.filter { $0.size == 3 }.flatMap(\.extents)
        guard case .chunk(let first, 0, 3) = small[0], case .chunk(let second, 3, 3) = small[1] else {
            Issue.record("\(small)")
            return
        }
        #expect(first == second)
    }

    @Test func whatDidNotChangeIsNotRead() async throws {
        let site = try await Site()
        for number in 0..<300 { try site.write("d/\(number)", noise(count: 1000 + number, seed: UInt64(number))) }
        try site.write("large", noise(count: 2_000_000, seed: 9))
        try await site.settle()
        let (first, _) = try await site.backUp()
        let (again, summary) = try await site.backUp()
        #expect(summary.unchangedFiles == 301 && summary.bytesRead == 0 && summary.contentBytesStored == 0)
        #expect(again.snapshot.tree == first.snapshot.tree && again.snapshot.parent == first.id)
        try site.write("d/7", bytes("another content"))
        let (_, changed) = try await site.backUp()
        #expect(changed.unchangedFiles == 300 && changed.bytesRead == 15 && changed.newBytes == 15)
    }

    /// The next write may come within one tick of the file system's clock, and leave no newer time.
    @Test func whatChangedJustNowIsNotTrusted() async throws {
        let site = try await Site()
        try site.write("a", bytes("content"))
        _ = try await site.backUp()
        let (_, summary) = try await site.backUp()
        #expect(summary.unchangedFiles == 0 && summary.bytesRead == 7 && summary.contentBytesStored == 0)
    }

    /// The files of a storage's snapshot are of a moment that is over when they are read: what changed in the volume right
    /// after it may bear the same time.
    @Test func aSnapshotIsOfTheMomentThatIsNamed() async throws {
        let site = try await Site()
        let moment = Date()
        try site.write("a", bytes("content"))
        try await site.settle()
        let (first, _) = try await site.backUp(asOf: moment)
        // It is stored in milliseconds.
        #expect(abs(first.snapshot.started.timeIntervalSince(moment)) <= 0.001)
        let (_, summary) = try await site.backUp()
        #expect(summary.unchangedFiles == 0 && summary.bytesRead == 7)
        let (_, again) = try await site.backUp()
        #expect(again.unchangedFiles == 1)
    }

    @Test func whatGrowsIsKeptAsTheWalkSawIt() async throws {
        let site = try await Site()
        for number in 0..<40 { try site.write("log\(number)", bytes("line")) }
        let writer = try await site.repository.makeWriter()
        var source = SegmentSource(
            walk: try VolumeWalk(root: site.root), previous: nil, storage: writer, observer: VolumeBackup.Observer())
        let segment = try #require(try await source.next())
        // Together far more than a chunk may hold.
        for number in 0..<40 { try site.write("log\(number)", [UInt8](repeating: 1, count: 200_000)) }
        let reader = SegmentReader(into: writer)
        let outcome = try await reader.read(segment)
        #expect(outcome.entries.count == 41)
        #expect(outcome.entries.dropFirst().allSatisfy { $0.size == 4 && $0.extents.map(\.length) == [4] })
        // A file that only changed is no failure.
        #expect(outcome.summary.changing == 40 && outcome.summary.problems == 0)
        await writer.discard()
    }

    @Test func whatShrinksIsKeptAsItIsFound() async throws {
        let site = try await Site()
        for number in 0..<10 { try site.write("log\(number)", [UInt8](repeating: UInt8(number), count: 1000)) }
        let writer = try await site.repository.makeWriter()
        var source = SegmentSource(
            walk: try VolumeWalk(root: site.root), previous: nil, storage: writer, observer: VolumeBackup.Observer())
        let segment = try #require(try await source.next())
        for number in 0..<10 { #expect(truncate("\(site.root)/log\(number)", number % 2 == 0 ? 0 : 10) == 0) }
        let reader = SegmentReader(into: writer)
        let outcome = try await reader.read(segment)
        #expect(outcome.entries.dropFirst().map(\.size) == [0, 10, 0, 10, 0, 10, 0, 10, 0, 10])
        #expect(outcome.entries.allSatisfy { $0.extents.reduce(0) { $0 + $1.length } == $0.size })
        #expect(outcome.summary.problems == 0)
        await writer.discard()
    }

    @Test func smallFilesKeepTheirHoles() async throws {
        let site = try await Site()
        try site.makeSparse("sparse", size: 200_000, data: [100_000: bytes("here")])
        try site.write("whole", bytes("content"))
        let (snapshot, _) = try await site.backUp()
        let entries = try await site.entries(of: snapshot)
        #expect(entries[1].extents.count == 3 && entries[1].contentID != nil)
        for entry in entries.dropFirst() { #expect(try await site.content(of: entry) == (try site.read(entry.path))) }
        // Both are in one chunk.
        #expect(Set(entries.flatMap(\.extents).compactMap(\.chunk)).count == 1)
    }

    @Test func aTouchedOrMovedSmallFileWithHolesIsNotStoredAgain() async throws {
        let site = try await Site()
        try site.makeSparse("touched", size: 200_000, data: [100_000: bytes("here")])
        try site.makeSparse("m/moved", size: 150_000, data: [8192: bytes("and"), 120_000: bytes("there")])
        // The same content and no holes is another file, though their ids are the same.
        try site.write("m/dense", [UInt8](repeating: 0, count: 8192) + noise(count: 5000, seed: 1))
        try await site.settle()
        let (before, _) = try await site.backUp()
        #expect(utimensat(AT_FDCWD, site.root + "/touched", nil, 0) == 0)
        try site.move("m/moved", to: "z")
        let (snapshot, summary) = try await site.backUp()
        #expect(summary.bytesRead > 0 && summary.contentBytesStored == 0 && summary.newBytes == 0)
        let extents = { (snapshot: StoredSnapshot) in
            try await Set(site.entries(of: snapshot).filter { $0.kind == .file }.map(\.extents))
        }
        #expect(try await extents(before) == extents(snapshot))
        for entry in try await site.entries(of: snapshot) where entry.kind == .file {
            #expect(try await site.content(of: entry) == (try site.read(entry.path)))
        }
        // Filled with zeros it has the same content, and no hole any more.
        try site.write("touched", try site.read(bytes("touched")))
        let (filled, _) = try await site.backUp()
        let touched = try #require(try await site.entries(of: filled).first { $0.path == bytes("touched") })
        #expect(touched.extents.allSatisfy { $0.chunk != nil })
        #expect(try await site.content(of: touched) == (try site.read(touched.path)))
    }

    @Test(arguments: [nil, "a long password"]) func whatWasMovedIsReadAndNotStored(password: String?) async throws {
        let site = try await Site(password: password)
        for number in 0..<40 { try site.write("m/\(number)", noise(count: 5000, seed: UInt64(number))) }
        try site.write("m/large", noise(count: 2_000_000, seed: 9))
        try await site.settle()
        _ = try await site.backUp()
        // Before and behind where they were, one by one and a whole directory.
        try site.move("m/7", to: "a")
        try site.move("m/8", to: "z")
        try site.move("m/large", to: "m/larger")
        let (first, summary) = try await site.backUp()
        #expect(summary.bytesRead == 2_010_000 && summary.unchangedFiles == 38)
        #expect(summary.contentBytesStored == 0 && summary.newBytes == 0)
        try site.move("m", to: "n")
        let (second, again) = try await site.backUp()
        #expect(again.bytesRead >= 2_190_000 && again.contentBytesStored == 0)
        for snapshot in [first, second] {
            for entry in try await site.entries(of: snapshot) where entry.kind == .file {
                let path = String(decoding: entry.path, as: UTF8.self)
                let now = snapshot.id == first.id ? path.replacing("m/", with: "n/") : path
                #expect(try await site.content(of: entry) == (try site.read(Array(now.utf8))), "\(path)")
            }
        }
    }

    @Test func whatWasTouchedIsReadAndNotStored() async throws {
        let site = try await Site()
        for number in 0..<20 { try site.write("d/\(number)", noise(count: 5000, seed: UInt64(number))) }
        try site.write("large", noise(count: 2_000_000, seed: 9))
        _ = try await site.backUp()
        for number in 0..<20 { try site.touch("d/\(number)") }
        try site.touch("large")
        let (_, summary) = try await site.backUp()
        #expect(summary.unchangedFiles == 0 && summary.bytesRead == 2_100_000)
        #expect(summary.contentBytesStored == 0 && summary.newBytes == 0)
    }

    @Test func aMovedDirectoryIsReadAndHardlyStored() async throws {
        let site = try await Site()
        for number in 0..<400 { try site.write("old/f\(number)", noise(count: 20_000, seed: UInt64(number))) }
        _ = try await site.backUp()
        try site.move("old", to: "renamed")
        let (_, summary) = try await site.backUp()
        #expect(summary.bytesRead == 8_000_000)
        #expect(summary.newBytes == 0, "\(summary.newBytes)")
    }

    @Test func holesAreKept() async throws {
        let site = try await Site()
        try site.makeSparse("disk", size: 50 << 30, data: [10 << 30: bytes("here"), (50 << 30) - 4096: bytes("end")])
        let (snapshot, summary) = try await site.backUp()
        #expect(summary.bytesRead < 1 << 20)
        let entry = try #require(try await site.entries(of: snapshot).last)
        #expect(entry.size == 50 << 30)
        let holes = entry.extents.reduce(into: Int64(0)) { sum, extent in
            if case .hole(let length) = extent { sum += length }
        }
        #expect(holes > (50 << 30) - (1 << 20))
    }

    @Test func whatVanishesOrIsReplacedIsNoFailure() async throws {
        let site = try await Site()
        try site.write("a", bytes("kept"))
        try site.write("b", bytes("gone"))
        try site.write("c", bytes("kept too"))
        try site.write("d", bytes("old"))
        try site.write("e", bytes("last"))
        let walk = try VolumeWalk(root: site.root)
        let problems = Mutex<[VolumeProblem]>([])
        let observer = VolumeBackup.Observer(problem: { problem in problems.withLock { $0.append(problem) } })
        let writer = try await site.repository.makeWriter()
        // The walk runs ahead of the reading.
        var source = SegmentSource(walk: walk, previous: nil, storage: writer, observer: observer)
        let segment = try #require(try await source.next())
        try site.remove("b")
        try site.write("new", bytes("replacement"))
        #expect(rename(site.root + "/new", site.root + "/d") == 0)
        let reader = SegmentReader(into: writer)
        let outcome = try await reader.read(segment)
        #expect(outcome.entries.map { String(decoding: $0.path, as: UTF8.self) } == ["", "a", "c", "d", "e"])
        #expect(outcome.problems.map(\.severity) == [.changing, .changing])
        #expect(outcome.problems.first?.reason.contains("No such file") == true)
        #expect(outcome.summary.problems == 0 && outcome.summary.changing == 2)
        var frozen = outcome
        frozen.countChangesAsLosses()
        #expect(frozen.problems.map(\.severity) == [.incomplete, .incomplete], "nothing vanishes from a snapshot")
        #expect(frozen.summary.problems == 2 && frozen.summary.changing == 0)
        #expect(outcome.entries.map(\.size) == [0, 4, 8, 11, 4])
        #expect(outcome.summary.files == 4 && outcome.summary.bytes == 27)
        try await writer.finish()
        #expect(try await site.content(of: outcome.entries[3]) == bytes("replacement"))
        #expect(try await site.content(of: outcome.entries[4]) == bytes("last"))
        await writer.discard()
    }

    @Test func furtherLinksOfAMissingFileAreMissingToo() async throws {
        let site = try await Site()
        try site.write("a", bytes("content"))
        try FileManager.default.linkItem(atPath: site.root + "/a", toPath: site.root + "/b")
        try site.write("c", bytes("other"))
        let writer = try await site.repository.makeWriter()
        var source = SegmentSource(
            walk: try VolumeWalk(root: site.root), previous: nil, storage: writer, observer: VolumeBackup.Observer())
        let segment = try #require(try await source.next())
        try site.remove("a")
        let reader = SegmentReader(into: writer)
        var outcome = try await reader.read(segment)
        var lost = LostLinks()
        lost.remove(from: &outcome)
        #expect(outcome.entries.map { String(decoding: $0.path, as: UTF8.self) } == ["", "c"])
        #expect(outcome.summary.files == 1 && outcome.summary.problems == 1 && outcome.summary.changing == 1)
        await writer.discard()
    }

    @Test func chunksThatAreGoneAreStoredAgain() async throws {
        let site = try await Site()
        try site.write("a", noise(count: 100_000, seed: 1))
        let (first, _) = try await site.backUp()
        for key in try await site.store.keys(below: "repository/index/") { try await site.store.delete([key]) }
        let (second, summary) = try await site.backUp()
        #expect(summary.unchangedFiles == 0 && summary.newBytes == 100_000)
        #expect(first.id != second.id)
        let entry = try #require(try await site.entries(of: second).last)
        #expect(try await site.content(of: entry) == (try site.read(entry.path)))
    }

    @Test func cancellationLeavesNoSnapshot() async throws {
        let site = try await Site()
        for number in 0..<50 { try site.write("f\(number)", noise(count: 400_000, seed: UInt64(number))) }
        let task = Task { try await site.backUp() }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try await site.repository.snapshots().snapshots.isEmpty)
    }
}

extension Extent {
    fileprivate var chunk: ChunkID? { if case .chunk(let id, _, _) = self { id } else { nil } }
}
