import GodwitModel
import GodwitTestKit
import Testing

@testable import VolumeRepository

@Suite struct TreeCodecTests {
    @Test(arguments: 1...40) func entriesGoBothWays(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let entries = RandomTree.entries(count: 60, &random)
        let bytes = try encode(entries)
        #expect(bytes.split(separator: 10).allSatisfy { $0.count < 200_000 })
        var decoder = TreeDecoder()
        var events: [TreeEvent] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...4000, using: &random))
            events += try decoder.events(in: Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        try decoder.finish()
        #expect(assembled(events) == entries)
    }

    @Test(arguments: 1...200) func damagedBytesNeverCrash(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var bytes = try encode(RandomTree.entries(count: 10, &random))
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            let index = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: index)
            default: bytes.removeSubrange(index..<min(bytes.count, index + 40))
            }
        }
        // Whatever is taken for a tree can be written again.
        var decoder = TreeDecoder()
        do throws(TreeError) {
            let events = try decoder.events(in: bytes)
            try decoder.finish()
            _ = try encode(assembled(events))
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test func aLargeFileGoesOnInFurtherLines() throws {
        var file = RandomTree.entry("f", .file)
        let id = try #require(ChunkID(bytes: [UInt8](repeating: 0xA5, count: 32)))
        file.extents = (0..<5000).map { .chunk(id, offset: $0, length: 10) }
        file.size = 50_000
        let bytes = try encode([RandomTree.entry("", .directory), file])
        #expect(bytes.count { $0 == 10 } == 6)
        var decoder = TreeDecoder()
        #expect(assembled(try decoder.events(in: bytes))[1] == file)
    }

    private static let root =
        #"{"path":"","type":"directory","mode":"0755","user":0,"group":0,"modified":"0","changed":"0","inode":1}"#

    @Test(arguments: [
        #"{"path":"../x""#, #"{"path":"/x""#, #"{"path":"a//b""#, #"{"path":"a/""#, #"{"path":".""#,
        #"{"path":"a\u0000""#,
        #"{"path":"x/y""#, #"{"path":"""#, #"{"path":"a","path":"b""#, #"{"path":"a","pathBase64":"YQ==""#,
        #"{"path":"\ud800""#, #"{"path":"a","size":5"#, #"{"path":"a","size":-1"#,
        #"{"path":"a","size":99999999999999999999"#,
        #"{"path":"a","links":0"#, #"{"path":"a","hardLink":"b""#, #"{"path":"a","hardLink":"../b""#,
        #"{"path":"a","target":"b""#, #"{"path":"a","content":[{"hole":0}]"#, #"{"path":"a","content":[{"hole":-1}]"#,
        #"{"path":"a","size":1,"content":[{"hole":2}]"#, #"{"path":"a","size":1,"content":[["00",0,1]]"#,
        #"{"pathBase64":"YQ=""#, #"{"pathBase64":"Lg==""#, #"{"path":"a","x":[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]"#,
        #"{"path":"a","attributes":[{"name":"b","value":""},{"name":"a","value":""}]"#,
    ]) func whatIsNoEntryIsRefused(start: String) {
        let rest = #","type":"file","mode":"0644","user":0,"group":0,"modified":"0","changed":"0","inode":1}"#
        var decoder = TreeDecoder()
        #expect(throws: TreeError.self) {
            _ = try decoder.events(in: Array((Self.root + "\n" + start + rest + "\n").utf8))
            try decoder.finish()
        }
    }

    @Test func unknownFieldsArePassedOver() throws {
        let line =
            #"{"path":"a","new":{"x":[1,-2.5e3,true,null,"\u00e9"]},"type":"file","mode":"0644","user":0,"group":0,"#
            + #""modified":"-0.5","changed":"0","inode":18446744073709551615}"#
        var decoder = TreeDecoder()
        let events = try decoder.events(in: Array((Self.root + "\n" + line + "\n").utf8))
        try decoder.finish()
        let entry = assembled(events)[1]
        #expect(entry.modified == TreeEntry.Time(seconds: -1, nanoseconds: 500_000_000))
        #expect(entry.inode == .max)
    }

    @Test func aTreeThatEndsEarlyIsNoTree() throws {
        var decoder = TreeDecoder()
        _ = try decoder.events(in: Array(Self.root.utf8))
        #expect(throws: TreeError.truncated(line: 1)) { try decoder.finish() }
    }

    @Test(arguments: [
        ("*.log", "a/b.log", true), ("*.log", "a.logs", false), ("/cache", "cache", true), ("/cache", "a/cache", false),
        ("a/b", "a/b", true), ("a/b", "x/a/b", false), ("**/tmp", "tmp", true), ("**/tmp", "a/b/tmp", true),
        ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true), ("a/**", "a", false), ("a/**", "a/b", true),
        ("[!a]?", "bb", true), ("[!a]?", "ab", false), ("\\*", "*", true), ("\\*", "x", false), ("dir/", "dir", false),
    ]) func patternsFitPaths(pattern: String, path: String, fits: Bool) throws {
        #expect(try PathPattern(pattern).matches(Array(path.utf8), isDirectory: false) == fits)
    }
}

private func encode(_ entries: [TreeEntry]) throws(TreeError) -> [UInt8] {
    var encoder = TreeEncoder()
    var bytes: [UInt8] = []
    for entry in entries { try encoder.append(entry, to: &bytes) }
    return bytes
}

private func assembled(_ events: [TreeEvent]) -> [TreeEntry] {
    var entries: [TreeEntry] = []
    for event in events {
        switch event {
        case .entry(let entry, _): entries.append(entry)
        case .extents(let extents, _): entries[entries.count - 1].extents += extents
        }
    }
    return entries
}

enum RandomTree {
    static func entry(_ path: String, _ kind: TreeEntry.Kind) -> TreeEntry {
        let time = TreeEntry.Time(seconds: 0, nanoseconds: 0)
        return TreeEntry(
            path: Array(path.utf8), kind: kind, mode: 0o644, user: 0, group: 0, modified: time, changed: time, inode: 1)
    }

    static func entries(count: Int, _ random: inout SeededGenerator) -> [TreeEntry] {
        var entries = [entry("", .directory)]
        var directories: [[UInt8]] = [[]]
        var paths: Set<[UInt8]> = [[]]
        while entries.count < count {
            let parent = directories.randomElement(using: &random) ?? []
            let path = TreePath.join(parent, bytes(1...12, &random).map { $0 == 0x2F || $0 == 0 ? 0x61 : $0 })
            guard TreePath.fault(of: path) == nil, paths.insert(path).inserted else { continue }
            let kind = TreeEntry.Kind.allCases.randomElement(using: &random) ?? .file
            if kind == .directory { directories.append(path) }
            entries.append(fill(path, kind, &random))
        }
        entries.sort { isBeforeInPathOrder($0.path, $1.path) }
        return entries
    }

    private static func fill(
        _ path: [UInt8], _ kind: TreeEntry.Kind, _ random: inout SeededGenerator
    ) -> TreeEntry {
        var entry = TreeEntry(
            path: path, kind: kind, mode: .random(in: 0...0o7777, using: &random),
            user: .random(in: 0 ... .max, using: &random), group: .random(in: 0 ... .max, using: &random),
            modified: time(&random), changed: time(&random), inode: .random(in: 0 ... .max, using: &random))
        entry.links = .random(in: 1...3, using: &random)
        switch kind {
        case .symlink: entry.target = bytes(1...50, &random).map { $0 == 0 ? 1 : $0 }
        case .characterDevice, .blockDevice:
            entry.device = (.random(in: 0 ... .max, using: &random), .random(in: 0 ... .max, using: &random))
        case .file:
            for _ in 0..<Int.random(in: 0...4, using: &random) { entry.extents.append(extent(&random)) }
            if Int.random(in: 0..<20, using: &random) == 0 {
                for _ in 0..<2500 { entry.extents.append(extent(&random)) }
            }
            entry.size = entry.extents.reduce(0) { $0 + $1.length }
            if Bool.random(using: &random) { entry.contentID = id(&random) }
        case .directory, .fifo: break
        }
        let names = Set((0..<Int.random(in: 0...3, using: &random)).map { _ in bytes(1...9, &random).map { $0 | 1 } })
        entry.attributes = names.sorted { $0.lexicographicallyPrecedes($1) }.map {
            TreeEntry.Attribute(name: $0, value: bytes(0...30, &random))
        }
        return entry
    }

    private static func extent(_ random: inout SeededGenerator) -> Extent {
        if Int.random(in: 0..<3, using: &random) == 0 {
            return .hole(length: .random(in: 1...1 << 40, using: &random))
        }
        let offset = Int.random(in: 0..<1000, using: &random)
        return .chunk(id(&random), offset: offset, length: .random(in: 1...1_000_000, using: &random))
    }

    private static func id(_ random: inout SeededGenerator) -> ChunkID {
        ChunkID(words: (random.next(), random.next(), random.next(), random.next()))
    }

    private static func time(_ random: inout SeededGenerator) -> TreeEntry.Time {
        TreeEntry.Time(
            seconds: [.random(in: -5...5, using: &random), .random(in: .min + 1 ... .max, using: &random)]
                .randomElement(
                    using: &random) ?? 0,
            nanoseconds: Bool.random(using: &random) ? 0 : .random(in: 0..<1_000_000_000, using: &random))
    }

    private static func bytes(_ count: ClosedRange<Int>, _ random: inout SeededGenerator) -> [UInt8] {
        let isText = Bool.random(using: &random)
        return (0..<Int.random(in: count, using: &random)).map { _ in
            isText ? .random(in: 0x20...0x7E, using: &random) : .random(in: 0...255, using: &random)
        }
    }
}
