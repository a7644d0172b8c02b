import Foundation
import Glibc
import Testing

@testable import VolumeRepository

@Suite struct WalkTests {
    @Test func socketsAreLeftOutWithANote() throws {
        let directory = try TemporaryDirectory()
        let path = directory.sub("s")
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        let backup = try MiniBackup(of: directory.path)
        #expect(backup.entries.map(\.path) == [[]])
        #expect(backup.problems.map(\.path) == [Array("s".utf8)])
        #expect(backup.problems.map(\.severity) == [.note])
    }

    @Test func cachesAreLeftOutByTheirTag() throws {
        let directory = try TemporaryDirectory()
        let signature = "Signature: 8a477f597d28d172789f06886806bc55"
        for (name, tag) in [("cache", signature + "\nmore"), ("no-cache", "Signature: other"), ("short", "Sig")] {
            try FileManager.default.createDirectory(
                atPath: directory.sub(name) + "/inside", withIntermediateDirectories: true)
            try Data(tag.utf8).write(to: URL(fileURLWithPath: directory.sub(name) + "/CACHEDIR.TAG"))
            try Data("x".utf8).write(to: URL(fileURLWithPath: directory.sub(name) + "/file"))
        }
        // Who may write the volume must not make the backup leave out what is elsewhere.
        try FileManager.default.createDirectory(atPath: directory.sub("link"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: directory.sub("link") + "/CACHEDIR.TAG", withDestinationPath: "../cache/CACHEDIR.TAG")
        try Data("x".utf8).write(to: URL(fileURLWithPath: directory.sub("link") + "/file"))
        var options = WalkOptions()
        #expect(try MiniBackup(of: directory.path, options: options).entries.count == 16)
        options.excludesCaches = true
        let entries = try MiniBackup(of: directory.path, options: options).entries.map { TreePath.text($0.path) }
        #expect(
            entries == [
                "/", "cache", "cache/CACHEDIR.TAG", "link", "link/CACHEDIR.TAG", "link/file", "no-cache",
                "no-cache/CACHEDIR.TAG", "no-cache/file", "no-cache/inside", "short", "short/CACHEDIR.TAG",
                "short/file", "short/inside",
            ])
    }

    /// On a file system that takes its time, many entries are looked at at once.
    @Test func aSlowWalkSeesWhatAFastOneSees() throws {
        let directory = try TemporaryDirectory()
        for number in 0..<300 {
            let name = directory.sub("\(number)")
            if number % 7 == 0 {
                try FileManager.default.createDirectory(atPath: name + "/inside", withIntermediateDirectories: true)
                for inner in 0..<(number % 100) {
                    try Data("x".utf8).write(to: URL(fileURLWithPath: "\(name)/\(inner)"))
                }
            } else {
                try Data("x".utf8).write(to: URL(fileURLWithPath: name))
            }
        }
        func walk(slowFrom: Int64) throws -> [WalkEvent] {
            let root = try FileDescriptor.openDirectory(path: directory.path)
            let walker = try DirectoryWalker(root, path: [], statuses: StatusReader(slowFrom: slowFrom))
            return Array(sequence(state: ()) { _ in walker.next() })
        }
        let fast = try walk(slowFrom: .max).map(Self.seen)
        #expect(fast.count > 600)
        #expect(try walk(slowFrom: 0).map(Self.seen) == fast)
    }

    /// One look that had to wait for the processor does not make a quick file system a slow one for the rest of a walk.
    @Test func oneSlowLookIsForgotten() throws {
        let directory = try TemporaryDirectory()
        for number in 0..<2000 {
            try Data().write(to: URL(fileURLWithPath: directory.sub("\(number)")))
        }
        let reader = StatusReader()
        reader.note(took: 10_000_000)
        #expect(reader.isSlow)
        let root = try FileDescriptor.openDirectory(path: directory.path)
        let walker = try DirectoryWalker(root, path: [], statuses: reader)
        while reader.isSlow, walker.next() != nil {}
        #expect(walker.next() != nil, "all entries were looked at many at once")
    }

    /// What is looked at ahead and then gone is no failure; what is looked at before a directory is walked, and changes
    /// meanwhile, is looked at again.
    @Test func whatASlowWalkSawIsNotOldWhenItsTurnComes() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.sub("a"), withIntermediateDirectories: false)
        for name in ["a/one", "b", "c"] { try Data("x".utf8).write(to: URL(fileURLWithPath: directory.sub(name))) }
        let root = try FileDescriptor.openDirectory(path: directory.path)
        let walker = try DirectoryWalker(root, path: [], statuses: StatusReader(slowFrom: 0))
        for expected in ["", "a", "a/one"] { #expect(walker.next().map(Self.seen)?.path == Array(expected.utf8)) }
        try Data("more".utf8).write(to: URL(fileURLWithPath: directory.sub("b")))
        try FileManager.default.removeItem(atPath: directory.sub("c"))
        guard case .item(let changed) = walker.next() else {
            Issue.record("b is missing")
            return
        }
        #expect(changed.path == Array("b".utf8) && changed.status.size == 4)
        #expect(walker.next() == nil)
    }

    private struct Seen: Equatable {
        var path: [UInt8]
        var status: FileStatus?
    }

    private static func seen(_ event: WalkEvent) -> Seen {
        switch event {
        case .item(let item): Seen(path: item.path, status: item.status)
        case .problem(let problem): Seen(path: problem.path)
        }
    }

    /// Whoever can write to a volume can nest directories without end.
    @Test func whatIsNestedTooDeeplyIsAProblemAndNoEnd() throws {
        let directory = try TemporaryDirectory()
        var inner = try FileDescriptor.openDirectory(path: directory.path)
        for _ in 0..<TreeLimits.depth + 50 {
            #expect(inner.makeDirectory([UInt8(ascii: "d")]) == 0)
            inner = try inner.subdirectory("d")
        }
        try Data("kept".utf8).write(to: URL(fileURLWithPath: directory.sub("file")))
        let backup = try MiniBackup(of: directory.path)
        #expect(backup.entries.count == TreeLimits.depth + 2)
        #expect(backup.entries.last?.path == Array("file".utf8))
        #expect(backup.problems.map(\.severity) == [.failure])
    }

    @Test func attributesBeyondTheLimitAreNotRead() throws {
        let directory = try TemporaryDirectory()
        let root = try FileDescriptor.openDirectory(path: directory.path)
        try Data("x".utf8).write(to: URL(fileURLWithPath: directory.sub("f")))
        let name = Array("f".utf8)
        for (attribute, size) in [("user.a", 10), ("user.b", 500), ("user.c", 20)] {
            let value = [UInt8](repeating: 7, count: size)
            let code = root.setAttribute(TreeEntry.Attribute(name: Array(attribute.utf8), value: value), of: name)
            // A file system without attributes has nothing to test here.
            if code == ENOTSUP { return }
            #expect(code == 0)
        }
        let (attributes, failures) = root.attributes(of: name, path: name, limit: 100)
        #expect(attributes.map(\.value.count) == [10, 20])
        #expect(failures.map(\.code) == [E2BIG])
    }

    /// A name of a volume is anybody's, and a pattern with several runs must not take for ever on it.
    @Test func patternsAreQuickOnHostilePaths() throws {
        let path = Array(repeating: "a", count: TreeLimits.depth).joined(separator: "/")
        let pattern = try PathPattern("**/a/**/a/**/a/**/a/**/b")
        #expect(!pattern.matches(Array(path.utf8), isDirectory: true))
        #expect(pattern.matches(Array((path + "/b").utf8), isDirectory: true))
    }

    @Test func aFileThatShrinksOrGrowsWhileItIsCut() throws {
        let directory = try TemporaryDirectory()
        let content = Data(NastyTree.pattern(count: 8_000_000))
        for (change, expected) in [(1_500_000, 1_500_000), (0, 0), (9_000_000, 8_000_000)] {
            let path = directory.sub("large")
            try content.write(to: URL(fileURLWithPath: path))
            let walker = try DirectoryWalker(root: directory.path)
            _ = walker.next()
            guard case .item(let item) = walker.next() else {
                Issue.record("no file")
                return
            }
            let file = try FileContent.open(item)
            let chunker = ContentDefinedChunker(sizes: .content, seed: 0)
            let cutter = FileCutter(file, size: file.status.size, chunker: chunker)
            #expect(truncate(path, off_t(change)) == 0)
            var length = 0
            while let piece = try cutter.next() {
                switch piece {
                case .hole(let hole): length += Int(hole)
                case .data(let data): length += data.count
                }
            }
            #expect(length == expected)
            #expect(try !file.currentStatus().isSameContent(as: file.status))
        }
    }
}
