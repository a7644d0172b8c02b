import Foundation
import Glibc
import Testing

@testable import VolumeRepository

@Suite struct RestoreTests {
    @Test func aNastyTreeComesBackAsItWas() async throws {
        let directory = try TemporaryDirectory()
        let (source, target) = (directory.sub("source"), directory.sub("target"))
        try NastyTree.make(at: source)
        let backup = try MiniBackup(of: source)
        #expect(backup.problems.filter { $0.severity == .failure } == [])
        let report = try await backup.restorer().restore(to: target)
        #expect(report.failures == [])
        #expect(try TreeComparison.differences(between: source, and: target) == [])
        #expect(report.filesWritten > 250)

        // Once more: nothing is written, nothing changes.
        let again = try await backup.restorer().restore(to: target)
        #expect(again.filesWritten == 0)
        #expect(again.failures == [])
        #expect(try TreeComparison.differences(between: source, and: target) == [])

        var options = RestoreOptions()
        options.rewrite = .differingContent
        let verified = try await backup.restorer(options).restore(to: target)
        #expect(verified.filesWritten == 0)
        #expect(verified.failures == [])
        #expect(verified.filesVerified == report.filesWritten)

        let readBack = try await backup.restorer().readBack(from: target)
        #expect(readBack.failures == [])
        try Data(repeating: 2, count: 5000).write(to: URL(fileURLWithPath: target + "/bundle-a"))
        let differing = try await backup.restorer().readBack(from: target)
        #expect(differing.failures.map(\.path) == [Array("bundle-a".utf8)])
        #expect(differing.filesVerified == readBack.filesVerified - 1)
    }

    @Test func linksInTheWayAreReplacedNotFollowed() async throws {
        let directory = try TemporaryDirectory()
        let (source, target, outside) = (directory.sub("source"), directory.sub("target"), directory.sub("outside"))
        for path in [source, source + "/dir", target, outside] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try Data("new".utf8).write(to: URL(fileURLWithPath: source + "/dir/file"))
        try Data("new".utf8).write(to: URL(fileURLWithPath: source + "/file"))
        try Data("precious".utf8).write(to: URL(fileURLWithPath: outside + "/file"))
        try FileManager.default.createSymbolicLink(atPath: target + "/dir", withDestinationPath: outside)
        try FileManager.default.createSymbolicLink(atPath: target + "/file", withDestinationPath: outside + "/file")
        let report = try await MiniBackup(of: source).restorer().restore(to: target)
        #expect(report.failures == [])
        #expect(try String(contentsOfFile: outside + "/file", encoding: .utf8) == "precious")
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["file"])
        #expect(try TreeComparison.differences(between: source, and: target) == [])
    }

    @Test func aDamagedChunkFailsItsFileOnly() async throws {
        let directory = try TemporaryDirectory()
        let (source, target) = (directory.sub("source"), directory.sub("target"))
        try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
        for (name, count) in [("a", 10), ("b", 20), ("large", 3_000_000), ("large-bad", 2_500_000)] {
            try Data(NastyTree.pattern(count: count)).write(to: URL(fileURLWithPath: source + "/" + name))
        }
        let backup = try MiniBackup(of: source, extentLength: 90_001)
        for (name, index) in [("b", 0), ("large-bad", 27)] {
            let entry = try #require(backup.entries.first { $0.path == Array(name.utf8) })
            guard case .chunk(let id, _, _) = entry.extents[index] else {
                Issue.record("no chunk")
                return
            }
            backup.chunks.damage(id)
        }
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try Data("old".utf8).write(to: URL(fileURLWithPath: target + "/b"))
        let report = try await backup.restorer().restore(to: target)
        #expect(Set(report.failures.map { TreePath.text($0.path) }) == ["b", "large-bad"])
        #expect(try String(contentsOfFile: target + "/b", encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: target).sorted() == ["a", "b", "large"])
        #expect(FileManager.default.contentsEqual(atPath: source + "/large", andPath: target + "/large"))
    }

    @Test func nothingIsLinkedToWhatWasThereBefore() async throws {
        let directory = try TemporaryDirectory()
        let (source, target) = (directory.sub("source"), directory.sub("target"))
        for path in [source, target] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try Data("new".utf8).write(to: URL(fileURLWithPath: source + "/a"))
        try FileManager.default.linkItem(atPath: source + "/a", toPath: source + "/b")
        try Data("old content".utf8).write(to: URL(fileURLWithPath: target + "/a"))
        let backup = try MiniBackup(of: source)
        guard case .chunk(let id, _, _) = backup.entries[1].extents[0] else {
            Issue.record("no chunk")
            return
        }
        backup.chunks.damage(id)
        let report = try await backup.restorer().restore(to: target)
        #expect(report.failures.map(\.path) == [Array("a".utf8), Array("b".utf8)])
        #expect(try FileManager.default.contentsOfDirectory(atPath: target) == ["a"])
    }

    @Test func linksOfAnUnselectedFileAreReadBack() async throws {
        let directory = try TemporaryDirectory()
        let (source, target) = (directory.sub("source"), directory.sub("target"))
        try FileManager.default.createDirectory(atPath: source + "/d", withIntermediateDirectories: true)
        try Data("content".utf8).write(to: URL(fileURLWithPath: source + "/a"))
        for name in ["d/b", "d/c"] {
            try FileManager.default.linkItem(atPath: source + "/a", toPath: source + "/" + name)
        }
        var options = RestoreOptions()
        options.include = [try PathPattern("/d")]
        let restorer = try MiniBackup(of: source).restorer(options)
        _ = try await restorer.restore(to: target)
        let equal = try await restorer.readBack(from: target)
        #expect(equal.failures == [] && equal.filesVerified == 2)
        try Data("another".utf8).write(to: URL(fileURLWithPath: target + "/d/b"), options: [])
        #expect(try await restorer.readBack(from: target).failures.map(\.path) == [Array("d/b".utf8)])
    }

    /// A writer may end the first line of a file anywhere.
    @Test func aHoleAtTheEndCountsWhereverItStands() async throws {
        let chunks = MemoryChunks()
        let time = TreeEntry.Time(seconds: 1, nanoseconds: 0)
        var root = TreeEntry(
            path: [], kind: .directory, mode: 0o755, user: geteuid(), group: getegid(), modified: time,
            changed: time, inode: 1)
        var file = root
        (file.path, file.kind, file.mode, file.size, root.links) = (Array("f".utf8), .file, 0o644, 100_003, 2)
        file.extents = [.chunk(chunks.add([1, 2, 3]), offset: 0, length: 3)]
        var (encoder, tree) = (TreeEncoder(), [UInt8]())
        for entry in [root, file] { try encoder.append(entry, to: &tree) }
        try encoder.append([.hole(length: 100_000)], to: &tree)
        let directory = try TemporaryDirectory()
        let report = try await Restorer(chunks: [chunks.add(tree)], from: chunks).restore(to: directory.sub("t"))
        #expect(report.failures == [])
        let content = try Data(contentsOf: URL(fileURLWithPath: directory.sub("t") + "/f"))
        #expect(content == Data([1, 2, 3] + [UInt8](repeating: 0, count: 100_000)))
    }

    @Test func treesOfAnyDepthAreRemoved() async throws {
        let directory = try TemporaryDirectory()
        let (source, target) = (directory.sub("source"), directory.sub("target"))
        for path in [source, target] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        var inner = try FileDescriptor.openDirectory(path: target)
        for _ in 0..<3000 {
            #expect(inner.makeDirectory([UInt8(ascii: "d")]) == 0)
            inner = try inner.subdirectory("d")
        }
        var options = RestoreOptions()
        options.extra = .delete
        let report = try await MiniBackup(of: source).restorer(options).restore(to: target)
        #expect(report.failures == [] && report.removed == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)
    }

    /// A plan says what a restore does then.
    @Test(arguments: [RestoreOptions.Extra.keep, .delete], [RestoreOptions.Rewrite.differing, .differingContent])
    func aPlanIsWhatIsDone(extra: RestoreOptions.Extra, rewrite: RestoreOptions.Rewrite) async throws {
        let directory = try TemporaryDirectory()
        let (source, target) = (directory.sub("source"), directory.sub("target"))
        try NastyTree.make(at: source, depth: 10)
        var options = RestoreOptions()
        (options.extra, options.rewrite) = (extra, rewrite)
        let restorer = try MiniBackup(of: source).restorer(options)
        let first = try await restorer.plan(for: target) { #expect($0.verb == .create) }
        #expect(!FileManager.default.fileExists(atPath: target))
        let report = try await restorer.restore(to: target)
        #expect(first[.create].files == report.filesWritten && first[.create].others == report.others)
        #expect(first[.create].directories == report.directories && report.failures == [])
        try Data("x".utf8).write(to: URL(fileURLWithPath: target + "/large"))
        try FileManager.default.removeItem(atPath: target + "/symlink")
        try FileManager.default.createDirectory(atPath: target + "/extra/e", withIntermediateDirectories: true)
        try Data(count: 1000).write(to: URL(fileURLWithPath: target + "/extra/e/f"))
        var named: [String] = []
        let plan = try await restorer.plan(for: target) { action in
            if action.verb != .keep { named.append("\(action.verb) \(TreePath.text(action.path)) \(action.bytes)") }
        }
        let deleted = extra == .delete ? ["delete extra 1000"] : []
        #expect(Set(named) == Set(["replace large 3500000", "create symlink 0"] + deleted))
        let again = try await restorer.restore(to: target)
        #expect(plan[.create].files + plan[.replace].files == again.filesWritten)
        #expect(plan[.keep].files == again.filesUnchanged)
        #expect(plan[.delete].files == deleted.count && plan[.delete].directories == 2 * deleted.count)
        #expect(try await restorer.plan(for: target) { _ in }[.replace] == VolumeRestorePlan.Totals())
    }

    @Test func extraFilesStayOrGo() async throws {
        let directory = try TemporaryDirectory()
        let (source, target) = (directory.sub("source"), directory.sub("target"))
        try FileManager.default.createDirectory(atPath: source + "/m/n", withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: source + "/m/file"))
        let backup = try MiniBackup(of: source)
        _ = try await backup.restorer().restore(to: target)
        for extra in ["a/b", "m/n/o", "z"] {
            try FileManager.default.createDirectory(
                atPath: target + "/" + extra, withIntermediateDirectories: true)
        }
        try Data("y".utf8).write(to: URL(fileURLWithPath: target + "/m/extra"))
        _ = try await backup.restorer().restore(to: target)
        #expect(FileManager.default.fileExists(atPath: target + "/m/extra"))
        var options = RestoreOptions()
        options.extra = .delete
        let report = try await backup.restorer(options).restore(to: target)
        #expect(report.removed == 4)
        #expect(try TreeComparison.differences(between: source, and: target) == [])
    }

    @Test func aSelectionBringsItsDirectoriesAndOrphanedLinks() async throws {
        let directory = try TemporaryDirectory()
        let (source, target) = (directory.sub("source"), directory.sub("target"))
        for name in ["a", "b/c", "d"] {
            try FileManager.default.createDirectory(atPath: source + "/" + name, withIntermediateDirectories: true)
            try Data(name.utf8).write(to: URL(fileURLWithPath: source + "/\(name)/file"))
        }
        for name in ["d/link", "d/link-2"] {
            try FileManager.default.linkItem(atPath: source + "/a/file", toPath: source + "/" + name)
        }
        var options = RestoreOptions()
        options.include = [try PathPattern("/d"), try PathPattern("b/**/file")]
        let report = try await MiniBackup(of: source).restorer(options).restore(to: target)
        #expect(report.failures == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: target).sorted() == ["b", "d"])
        #expect(try String(contentsOfFile: target + "/d/link-2", encoding: .utf8) == "a")
        #expect(try String(contentsOfFile: target + "/b/c/file", encoding: .utf8) == "b/c")
        let inodes = try ["link", "link-2"].map {
            try FileManager.default.attributesOfItem(atPath: target + "/d/" + $0)[.systemFileNumber] as? UInt64
        }
        #expect(inodes[0] == inodes[1])
        #expect(try TreeComparison.differences(between: source + "/b", and: target + "/b") == [])
    }
}
