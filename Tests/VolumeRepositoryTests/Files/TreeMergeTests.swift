import GodwitTestKit
import Testing

@testable import VolumeRepository

/// Random trees and random changes of them, read side by side: what the walk of two streams says is what a table of all
/// paths says.
@Suite struct TreeMergeTests {
    @Test(arguments: 1...60) func differencesAreThoseOfTables(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let old = RandomTree.entries(count: Int.random(in: 1...80, using: &random), &random)
        let new = Self.changed(old, &random)
        let (first, second) = (try MiniBackup(entries: old), try MiniBackup(entries: new))
        var found: [TreeDifference] = []
        try await TreeDifference.find(
            from: TreeReader(chunks: first.tree, from: first.chunks),
            to: TreeReader(chunks: second.tree, from: second.chunks)
        ) { found.append($0) }

        let (before, after) = (Self.table(old), Self.table(new))
        var paths: [[UInt8]] = []
        for difference in found {
            switch difference {
            case .added(let entry):
                #expect(before[entry.path] == nil && after[entry.path]?.path == entry.path)
                paths.append(entry.path)
            case .removed(let entry):
                #expect(after[entry.path] == nil && before[entry.path]?.path == entry.path)
                paths.append(entry.path)
            case .changed(let from, let to, _):
                #expect(before[from.path] != nil && after[to.path] != nil && from.path == to.path)
                paths.append(to.path)
            }
        }
        let expected = Set(before.keys).union(after.keys).filter { !Self.isSame(before[$0], after[$0]) }
        #expect(Set(paths) == expected)
        #expect(paths.count == expected.count && Self.isInOrder(paths))
    }

    @Test(arguments: 1...60) func thePreviousTreeFindsWhatATableFinds(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed &+ 1000)
        let old = RandomTree.entries(count: Int.random(in: 1...80, using: &random), &random)
        // What a walk asks for: the paths of now, some of them new, not all of the old ones.
        let asked = Self.changed(old, &random).map(\.path).filter { _ in Int.random(in: 0..<5, using: &random) > 0 }
        let backup = try MiniBackup(entries: old)
        let table = Self.table(old)
        var previous = PreviousTree(TreeReader(chunks: backup.tree, from: backup.chunks))
        for path in asked {
            var entry = try await previous.entry(at: path)
            // Now and then nobody asks for the rest of a large file.
            if entry != nil, Int.random(in: 0..<3, using: &random) > 0 {
                while let more = try await previous.moreExtents() { entry?.extents += more }
                #expect(entry == table[path])
            } else {
                #expect(entry?.path == table[path]?.path && entry?.mode == table[path]?.mode)
            }
        }
    }

    private static func table(_ entries: [TreeEntry]) -> [[UInt8]: TreeEntry] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.path, $0) })
    }

    private static func isInOrder(_ paths: [[UInt8]]) -> Bool {
        zip(paths, paths.dropFirst()).allSatisfy { isBeforeInPathOrder($0, $1) }
    }

    /// Equal but for what a restore cannot bring back.
    private static func isSame(_ old: TreeEntry?, _ new: TreeEntry?) -> Bool {
        guard var old, let new else { return old == nil && new == nil }
        (old.inode, old.changed, old.links) = (new.inode, new.changed, new.links)
        if old.contentID != nil, old.contentID == new.contentID, old.size == new.size { old.extents = new.extents }
        if old.extents == new.extents, old.contentID == nil || new.contentID == nil { old.contentID = new.contentID }
        return old == new
    }

    /// Some entries are gone with all below them, some are others, and some are new.
    private static func changed(_ entries: [TreeEntry], _ random: inout SeededGenerator) -> [TreeEntry] {
        var removed: [[UInt8]] = []
        var result: [TreeEntry] = []
        for var entry in entries {
            if removed.contains(where: { TreePath.isAtOrBelow(entry.path, $0) }) { continue }
            switch Int.random(in: 0..<12, using: &random) {
            case 0 where !entry.path.isEmpty:
                removed.append(entry.path)
                continue
            case 1: entry.mode ^= 1
            case 2: entry.modified.nanoseconds = entry.modified.nanoseconds == 0 ? 1 : 0
            case 3: entry.inode ^= 1
            case 4 where entry.kind == .file:
                entry.extents.append(.hole(length: 5))
                entry.size += 5
            case 5: entry.attributes = []
            case 6 where entry.kind == .directory:
                result.append(entry)
                let name = Array("new-\(UInt32.random(in: 0 ... .max, using: &random))".utf8)
                var added = RandomTree.entry("x", .fifo)
                added.path = TreePath.join(entry.path, name)
                result.append(added)
                continue
            default: break
            }
            result.append(entry)
        }
        return result.sorted { isBeforeInPathOrder($0.path, $1.path) }
    }
}
