import Foundation
import GodwitTestKit
import Streams
import Testing

@testable import VolumeRepository

@Suite struct SnapshotTreeTests {
    @Test func gnuTarBringsBackWhatIsExported() async throws {
        let directory = try TemporaryDirectory()
        let (source, target) = (directory.sub("source"), directory.sub("target"))
        // tar itself cannot go deeper than a path may be long.
        try NastyTree.make(at: source, depth: 30)
        for path in [target] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let backup = try MiniBackup(of: source)
        let archive = directory.sub("volume.tar")
        _ = FileManager.default.createFile(atPath: archive, contents: nil)
        let file = try #require(FileHandle(forWritingAtPath: archive))
        for try await piece in SnapshotTree(chunks: backup.tree, from: backup.chunks).tar() {
            try file.write(contentsOf: piece)
        }
        try file.close()
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/bin/tar")
        tar.arguments = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", archive, "-C", target]
        try tar.run()
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        // tar makes what an ACL is inherited by without asking whether it had one.
        let differences = try TreeComparison.differences(between: source, and: target)
        #expect(differences.filter { !$0.hasPrefix(#""acl-dir/"#) } == [])
    }

    @Test func listsFilesAndDifferences() async throws {
        let directory = try TemporaryDirectory()
        let source = directory.sub("source")
        try FileManager.default.createDirectory(atPath: source + "/a/b", withIntermediateDirectories: true)
        for name in ["a/b/c", "a/x", "y"] { try Data(name.utf8).write(to: URL(fileURLWithPath: source + "/" + name)) }
        let first = try MiniBackup(of: source)
        let tree = SnapshotTree(chunks: first.tree, from: first.chunks)
        var names: [String] = []
        try await tree.list(Array("a".utf8)) { names.append(TreePath.text($0.path)) }
        #expect(names == ["a/b", "a/x"])
        names = []
        try await tree.list([], isRecursive: true) { names.append(TreePath.text($0.path)) }
        #expect(names == ["a", "a/b", "a/b/c", "a/x", "y"])
        #expect(try await tree.content(of: Array("a/b/c".utf8)).collect(upTo: 100) == Array("a/b/c".utf8))
        await #expect(throws: TreeError.notFound(path: "a/z")) {
            try await tree.content(of: Array("a/z".utf8)).collect(upTo: 1)
        }

        try FileManager.default.removeItem(atPath: source + "/a/x")
        try Data("new".utf8).write(to: URL(fileURLWithPath: source + "/a/w"))
        try Data("longer".utf8).write(to: URL(fileURLWithPath: source + "/y"))
        let second = try MiniBackup(of: source)
        var found: [String] = []
        try await TreeDifference.find(
            from: TreeReader(chunks: first.tree, from: first.chunks),
            to: TreeReader(chunks: second.tree, from: second.chunks)
        ) { difference in
            switch difference {
            case .added(let entry): found.append("+" + TreePath.text(entry.path))
            case .removed(let entry): found.append("-" + TreePath.text(entry.path))
            case .changed(_, let entry, true): found.append("!" + TreePath.text(entry.path))
            case .changed: break
            }
        }
        #expect(found == ["+a/w", "-a/x", "!y"])
    }

    @Test func thePreviousTreeKeepsStep() async throws {
        var random = SeededGenerator(seed: 9)
        let entries = RandomTree.entries(count: 300, &random)
        let backup = try MiniBackup(entries: entries)
        var previous = PreviousTree(TreeReader(chunks: backup.tree, from: backup.chunks))
        for (index, entry) in entries.enumerated() where index % 3 != 0 {
            var missing = entry.path
            missing.append(contentsOf: Array("/none".utf8))
            var found = try #require(try await previous.entry(at: entry.path))
            if index % 2 == 0 { while let more = try await previous.moreExtents() { found.extents += more } }
            if index % 2 == 0 { #expect(found == entry) } else { #expect(found.path == entry.path) }
            if entry.kind != .directory { #expect(try await previous.entry(at: missing) == nil) }
        }
    }
}
