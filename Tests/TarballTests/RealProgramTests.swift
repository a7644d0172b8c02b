import Foundation
import GodwitTestKit
import Tarball
import Testing

@Suite("tar, zstd and gzip")
struct RealProgramTests {
    private func sample() -> [TarballEntry] {
        var generator = SeededGenerator(seed: 21)
        let long = String(repeating: "långt-", count: 30)
        return [
            TarballEntry(path: "metadata/version", content: Array("1".utf8), modified: 1_700_000_000),
            TarballEntry(
                path: "resources/clusterroles.rbac.authorization.k8s.io/cluster/system:controller:x.json",
                content: Array("{}".utf8), modified: 1_700_000_000),
            TarballEntry(path: "resources/\(long)/\(long).json", content: [], modified: 1_700_000_000),
            TarballEntry(
                path: "100%/e\u{301}.json", content: Array(repeating: 65, count: 512), modified: 1_700_000_000),
            TarballEntry(
                path: "random", content: (0..<70_000).map { _ in .random(in: 0...255, using: &generator) },
                modified: 1_700_000_000, mode: 0o600),
        ]
    }

    @Test(
        "They read what is written",
        arguments: [
            (TarballCompression.zstd(), "tar --zstd -x --no-same-owner -f"), (.gzip(), "tar -xz --no-same-owner -f"),
        ])
    func theyRead(_ compression: TarballCompression, _ extract: String) async throws {
        let entries = sample()
        let directory = try TemporaryDirectory()
        let written = try await write(entries, compression, frames: FramePolicy(target: 4096, minimum: 0))
        let file = try directory.file("x.tar", written.bytes)
        let result = try await shell("mkdir out && \(extract) \"$1\" -C out", [file], in: directory)
        #expect(result.status == 0)
        #expect(result.errors == "")
        for entry in entries {
            let url = directory.url.appending(path: "out/\(entry.path)")
            #expect([UInt8](try Data(contentsOf: url)) == entry.content)
            let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
            #expect(attributes[.posixPermissions] as? Int == Int(entry.mode))
            #expect((attributes[.modificationDate] as? Date)?.timeIntervalSince1970 == Double(entry.modified))
        }
    }

    @Test("They list it, through a pipe too, and find it whole")
    func theyList() async throws {
        let entries = sample()
        let directory = try TemporaryDirectory()
        let zstd = try directory.file("x.tar.zst", try await write(entries, frames: FramePolicy(target: 4096)).bytes)
        let gzip = try directory.file("x.tar.gz", try await write(entries, .gzip()).bytes)
        for (command, file) in [
            ("tar --quoting-style=literal --zstd -tf \"$1\"", zstd),
            ("zstd -q -t \"$1\" && zstd -q -d -c \"$1\" | tar --quoting-style=literal -t", zstd),
            ("gzip -t \"$1\" && tar --quoting-style=literal -tzf \"$1\"", gzip),
        ] {
            let result = try await shell(command, [file], in: directory)
            #expect(result.status == 0)
            #expect(result.errors == "")
            #expect(result.lines == entries.map(\.path))
        }
    }

    @Test("What they write is read", arguments: ["gnu", "pax", "ustar", "posix", "oldgnu", "v7"])
    func theyWrite(_ format: String) async throws {
        let directory = try TemporaryDirectory()
        let long = format == "v7" || format == "ustar" ? "long" : String(repeating: "very-", count: 40)
        let name = format == "v7" || format == "ustar" ? "name" : "größe-e\u{301}"
        let script = """
            mkdir -p in/d && cd in && printf hello > d/$1 && : > empty && printf x > $2 && head -c 70000 /dev/zero > zeros
            touch -d @1700000000 d/$1 empty $2 zeros
            ln -s d/$1 link && ln $2 hard && [ "$3" = v7 ] || mkfifo fifo
            tar --format=$3 -cf ../plain.tar . || exit 1
            cd .. && zstd -q plain.tar -o x.tar.zst && gzip -k plain.tar && cat plain.tar
            """
        let result = try await shell(script, [name, long, format], in: directory)
        #expect(result.errors == "")
        for file in ["plain.tar", "x.tar.zst", "plain.tar.gz"] {
            let bytes = [UInt8](try Data(contentsOf: directory.url.appending(path: file)))
            let entries = Dictionary(uniqueKeysWithValues: try await read(bytes).map { ($0.path, $0) })
            #expect(entries["."]?.kind == .directory)
            #expect(entries["d"]?.kind == .directory)
            let hello = try #require(entries["d/\(name)"])
            #expect(hello.content == Array("hello".utf8))
            #expect(hello.modified == 1_700_000_000)
            #expect(hello.mode == 0o644)
            #expect(entries["empty"]?.content == [])
            #expect(entries["zeros"]?.content == Array(repeating: 0, count: 70_000))
            #expect(entries["link"]?.kind == .symbolicLink)
            #expect(entries["link"]?.linkTarget == "d/\(name)")
            let names = [entries["hard"], entries[long]].compactMap(\.self)
            #expect(Set(names.map(\.kind)) == [.regular, .hardLink])
            if format != "v7" { #expect(entries["fifo"]?.kind == .fifo) }
            let location = try #require(hello.location)
            let rest = Array(bytes[Int(location.frame)...])
            if file == "x.tar.zst" {
                #expect(try await FrameReader.contents(of: [location], inFrame: rest) == [hello.content])
            } else if file == "plain.tar" {
                #expect(Array(rest[Int(location.offset)...].prefix(5)) == hello.content)
            }
        }
    }

    @Test("A sparse file comes with its holes filled", arguments: ["gnu", "pax"])
    func sparse(_ format: String) async throws {
        let directory = try TemporaryDirectory()
        let script = """
            truncate -s 1M holes && printf middle | dd of=holes bs=1 seek=500000 conv=notrunc status=none
            printf after > after && tar --format=\(format) -S -cf x.tar holes after
            """
        #expect(try await shell(script, in: directory).status == 0)
        let bytes = [UInt8](try Data(contentsOf: directory.url.appending(path: "x.tar")))
        #expect(bytes.count < 100_000)
        let entries = try await read(bytes)
        var expected = [UInt8](repeating: 0, count: 1 << 20)
        expected.replaceSubrange(500_000..<500_006, with: Array("middle".utf8))
        #expect(entries.first?.content == expected)
        #expect(entries.first?.location == nil)
        #expect(entries.last?.content == Array("after".utf8))
        let limited = await readToError(bytes, limits: TarballLimits(maximumEntrySize: 1 << 19))
        #expect(limited.error as? TarballError == .entryTooLarge(path: "holes", size: 1 << 20, limit: 1 << 19))
        let strict = await readToError(bytes, limits: TarballLimits(maximumExpansion: 20, expansionFloor: 1 << 19))
        #expect(strict.error as? TarballError == .expandsTooMuch(limit: 20))
    }

    @Test("Small artifacts are exchanged with zstd and gzip")
    func artifacts() async throws {
        let directory = try TemporaryDirectory()
        let text = Array(repeating: Array("a line of a log\n".utf8), count: 20_000).flatMap(\.self)
        for (compression, name, tool) in [
            (TarballCompression.zstd(), "x.zst", "zstd -q"), (.gzip(), "x.gz", "gzip"),
        ] {
            let file = try directory.file(name, try await Compression.compress(text, with: compression))
            #expect(try await shell("\(tool) -d -c \"$1\"", [file], in: directory).output == text)
            let plain = try directory.file("plain", text)
            let theirs = try await shell("\(tool) -c \"$1\"; \(tool) -c \"$1\"", [plain], in: directory).output
            #expect(try await Compression.decompress(theirs, limit: 1 << 30) == text + text)
        }
    }
}
