import Glibc
import GodwitTestKit
import Streams
import Tarball
import Testing

@Suite("Round trips")
struct RoundTripTests {
    static let compressions: [TarballCompression] = [
        .zstd(), .zstd(level: -5), .zstd(level: 19), .zstd(level: 3, workers: 2), .gzip(), .gzip(level: 0),
    ]

    @Test("What is written is read, whatever the compression", arguments: compressions)
    func everyCompression(_ compression: TarballCompression) async throws {
        var generator = SeededGenerator(seed: 1)
        let entries = randomEntries(300, using: &generator)
        let written = try await write(entries, compression, frames: FramePolicy(target: 64 << 10, minimum: 4096))
        let read = try await read(written.bytes)
        #expect(read.map(\.asWritten) == entries)
        #expect(read.map(\.location) == written.locations)
        #expect(read.allSatisfy { $0.kind == .regular && $0.size == Int64($0.content.count) && $0.linkTarget == nil })
        #expect(written.summary.entries == entries.count)
        #expect(written.summary.contentBytes == Int64(entries.map(\.content.count).reduce(0, +)))
        #expect(written.summary.compressedBytes == Int64(written.bytes.count))
    }

    @Test("Any seed, any batch, any frame size, any piece", arguments: 0..<40)
    func property(_ seed: UInt64) async throws {
        var generator = SeededGenerator(seed: 1000 + seed)
        let entries = randomEntries(Int.random(in: 0...60, using: &generator), using: &generator, largest: 40_000)
        let policy = FramePolicy(
            target: Int.random(in: 1...40_000, using: &generator), minimum: Int.random(in: 0...9000, using: &generator))
        let written = try await write(
            entries, Bool.random(using: &generator) ? .zstd(level: 1) : .gzip(level: 1), frames: policy,
            batch: Int.random(in: 1...20, using: &generator))
        let read = try await read(written.bytes, pieces: Int.random(in: 1...3000, using: &generator))
        #expect(read.map(\.asWritten) == entries)
        #expect(read.map(\.location) == written.locations)
    }

    @Test("Paths of every length around the limits of ustar")
    func pathLengths() async throws {
        let lengths = Array(90...110) + Array(150...160) + Array(250...262) + [1000, 5000, 60_000]
        let entries = lengths.flatMap { length in
            [
                TarballEntry(path: String(repeating: "n", count: length), content: [1], modified: 0),
                TarballEntry(
                    path: "d/" + String(repeating: "dir/", count: length / 8)
                        + String(repeating: "n", count: length / 2),
                    content: [2], modified: 0),
            ]
        }
        let written = try await write(entries)
        #expect(try await read(written.bytes).map(\.asWritten) == entries)
    }

    @Test("Names keep their bytes in a process whose locale is C")
    func names() async throws {
        #expect(String(cString: setlocale(LC_ALL, nil)) == "C")
        let names = [
            "système", "\u{212a}", "\u{37e}", "\u{2126}", "\u{1100}\u{1161}", "e\u{301}", "\u{e9}", "漢字", "🙂",
            "system:controller:x", "100%", "a b", "'\"\\", "\u{200f}x",
            "..x", "x..", "...",
            "\u{fffd}", "\u{10ffff}", "tab\tnewline\n", "-rf", "*", "~",
        ]
        let entries = names.map { name in
            TarballEntry(
                path: "resources/clusterroles.rbac.authorization.k8s.io/cluster/\(name).json", content: [7], modified: 1
            )
        }
        for compression in [TarballCompression.zstd(), .gzip()] {
            let read = try await read(try await write(entries, compression).bytes)
            #expect(read.count == entries.count)
            for (read, written) in zip(read, entries) {
                // Swift's == of strings takes both forms of é for equal.
                #expect(Array(read.path.utf8) == Array(written.path.utf8), "\(written.path)")
            }
        }
        #expect(String(cString: setlocale(LC_ALL, nil)) == "C")
    }

    @Test("An empty tarball")
    func empty() async throws {
        for compression in [TarballCompression.zstd(), .gzip()] {
            let written = try await write([], compression)
            #expect(written.summary.entries == 0)
            #expect(written.summary.frames == 1)
            #expect(try await read(written.bytes) == [])
        }
    }

    @Test("The same entries give the same bytes")
    func reproducible() async throws {
        for compression in Self.compressions {
            var generator = SeededGenerator(seed: 5)
            let entries = randomEntries(50, using: &generator)
            #expect(
                try await write(entries, compression).bytes == (try await write(entries, compression, batch: 50)).bytes)
        }
    }

    @Test("Settings that do not exist are refused")
    func configuration() {
        let channel = BoundedChannel<[UInt8]>(limit: 1) { $0.count }
        for compression in [
            TarballCompression.zstd(level: 23), .zstd(level: 0), .zstd(level: -1_000_000), .zstd(level: 3, workers: -1),
            .gzip(level: 10), .gzip(level: -1),
        ] {
            #expect(throws: TarballError.self) { try TarballWriter(compression: compression, output: channel) }
        }
    }
}
