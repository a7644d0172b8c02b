import GodwitModel
import Streams
import Tarball
import Testing

/// Makes tars that no honest program writes.
struct RawTar {
    var bytes: [UInt8] = []

    static func header(
        _ name: [UInt8], size: String = "00000000000", type: Character = "0", link: String = "", magic: Bool = true
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: [UInt8], at offset: Int) { block.replaceSubrange(offset..<offset + text.count, with: text) }
        put(Array(name.prefix(100)), at: 0)
        put(Array("0000644".utf8), at: 100)
        put(Array("0000000".utf8), at: 108)
        put(Array("0000000".utf8), at: 116)
        put(Array(size.utf8), at: 124)
        put(Array("00000000000".utf8), at: 136)
        put(Array("        ".utf8), at: 148)
        put(Array(String(type).utf8), at: 156)
        put(Array(link.utf8), at: 157)
        if magic { put(Array("ustar\u{0}00".utf8), at: 257) }
        let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        put(Array((String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ").utf8), at: 148)
        return block
    }

    mutating func add(_ name: String, _ content: [UInt8] = [], type: Character = "0", link: String = "") {
        let size = String(content.count, radix: 8)
        bytes += Self.header(
            Array(name.utf8), size: String(repeating: "0", count: 11 - size.count) + size, type: type, link: link)
        bytes += content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func addPax(_ key: String, _ value: [UInt8]) {
        var length = key.utf8.count + value.count + 3
        while "\(length)".utf8.count + key.utf8.count + value.count + 3 != length { length += 1 }
        add("pax", Array("\(length) \(key)=".utf8) + value + [10], type: "x")
    }

    var whole: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

@Suite("Hostile tarballs")
struct HostileTests {
    @Test(
        "Paths that escape are refused",
        arguments: [
            "../x", "a/../../x", "a/..", "..", "/etc/passwd", "//x", "a//b", "a/./b", "./../x", ".", "a/.", "/", "",
            "x/",
        ])
    func paths(_ path: String) async throws {
        var tar = RawTar()
        tar.add(path, [1])
        let raw = await readToError(tar.whole)
        var viaPax = RawTar()
        viaPax.addPax("path", Array(path.utf8))
        viaPax.add("harmless", [1])
        let pax = await readToError(viaPax.whole)
        for result in path.isEmpty ? [raw] : path == "x/" ? [] : [raw, pax] {
            guard case .invalidPath = result.error as? TarballError else {
                Issue.record("\(path): \(String(describing: result.error)) \(result.entries.map(\.path))")
                continue
            }
        }
        await #expect(throws: TarballError.self) {
            try await write([TarballEntry(path: path, content: [], modified: 0)])
        }
    }

    @Test("A NUL in a name ends it, and never lets a path escape")
    func nul() async throws {
        var tar = RawTar()
        tar.addPax("path", Array("good\u{0}/../../evil".utf8))
        tar.add("harmless", [1])
        for entry in await readToError(tar.whole).entries { #expect(entry.path == "good" || entry.path == "harmless") }
        await #expect(throws: TarballError.self) {
            try await write([TarballEntry(path: "a\u{0}b", content: [], modified: 0)])
        }
        await #expect(throws: TarballError.self) {
            try await write([TarballEntry(path: String(repeating: "a", count: 70_000), content: [], modified: 0)])
        }
    }

    @Test("Names that are not UTF-8 are refused")
    func notUTF8() async throws {
        let name: [UInt8] = Array("a".utf8) + [0xC3, 0x28, 0xFF]
        var pax = RawTar()
        pax.addPax("path", name)
        pax.add("harmless", [1])
        for bytes in [RawTar.header(name) + [UInt8](repeating: 0, count: 1024), pax.whole] {
            guard case .invalidPath = await readToError(bytes).error as? TarballError else {
                Issue.record("accepted")
                continue
            }
        }
    }

    @Test("Links and devices are reported, not followed")
    func kinds() async throws {
        var tar = RawTar()
        tar.add("hard", type: "1", link: "/etc/passwd")
        tar.add("soft", type: "2", link: "../../x")
        tar.add("char", type: "3")
        tar.add("block", type: "4")
        tar.add("dir/", type: "5")
        tar.add("fifo", type: "6")
        tar.add("contiguous", [1, 2], type: "7")
        tar.add("end", [3])
        let entries = try await read(tar.whole)
        #expect(
            entries.map(\.kind) == [
                .hardLink, .symbolicLink, .characterDevice, .blockDevice, .directory, .fifo, .regular, .regular,
            ])
        #expect(entries[0].linkTarget == "/etc/passwd")
        #expect(entries[1].linkTarget == "../../x")
        #expect(entries[4].path == "dir")
        #expect(entries.last?.content == [3])
    }

    @Test(
        "Declared sizes are not believed",
        arguments: [
            "77777777777", "37777777777", "00001000000", "\u{80}\u{0}\u{0}\u{0}\u{7f}", "-0000000001", "99999999999",
        ])
    func sizes(_ size: String) async throws {
        let bytes = RawTar.header(Array("x".utf8), size: size) + [UInt8](repeating: 65, count: 2048)
        #expect(await readToError(bytes).error is TarballError)
        #expect(await readToError(bytes, limits: TarballLimits(maximumEntrySize: .max)).error is TarballError)
    }

    @Test("A pax header of an enormous size, number or sparse map")
    func paxValues() async throws {
        for (key, value) in [
            ("size", "9223372036854775807"), ("size", "-5"), ("size", "99999999999999999999999"), ("mtime", "1e999"),
            ("GNU.sparse.size", "9223372036854775807"), ("GNU.sparse.realsize", "9223372036854775807"),
            ("GNU.sparse.map", "0,9223372036854775807,9223372036854775807,1"), ("GNU.sparse.major", "1"),
            ("GNU.sparse.name", "../../evil"), ("hdrcharset", "BINARY"), ("path", ""),
        ] {
            var tar = RawTar()
            tar.addPax(key, Array(value.utf8))
            tar.add("x", [1, 2, 3])
            let result = await readToError(tar.whole, limits: TarballLimits(maximumEntrySize: 1 << 20))
            #expect(result.error == nil || result.error is TarballError, "\(key)=\(value)")
            #expect(!result.entries.contains { $0.path.contains("..") })
        }
    }

    @Test("Headers of headers without end")
    func endlessHeaders() async throws {
        for type in ["x", "g", "L", "K", "A"] as [Character] {
            var tar = RawTar()
            for _ in 0..<2000 { tar.add("h", Array("11 path=ab\n".utf8), type: type) }
            #expect(await readToError(tar.whole).error is TarballError, "\(type)")
        }
    }

    @Test("More entries than the limit")
    func entries() async throws {
        var tar = RawTar()
        for index in 0..<50 { tar.add("e\(index)") }
        let result = await readToError(tar.whole, limits: TarballLimits(maximumEntries: 20))
        #expect(result.entries.count == 20)
        #expect(result.error as? TarballError == .tooManyEntries(limit: 20))
        #expect(await readToError(tar.whole, limits: TarballLimits(maximumEntries: 50)).error == nil)
    }

    @Test("A million empty entries are read in little memory, or refused by number")
    func million() async throws {
        let header = RawTar.header(Array("empty".utf8))
        let block = Array(repeating: header, count: 1000).flatMap(\.self)
        let frame = try await Compression.compress(block, with: .zstd(level: 1))
        let end = try await Compression.compress([UInt8](repeating: 0, count: 1024))
        let bytes = Array(repeating: frame, count: 1000).flatMap(\.self) + end
        var limits = TarballLimits(maximumExpansion: 1 << 20)
        var count = 0
        for try await _ in TarballReader(stream(bytes), limits: limits) { count += 1 }
        #expect(count == 1_000_000)
        limits.maximumEntries = 1000
        #expect(await readToError(bytes, limits: limits).error as? TarballError == .tooManyEntries(limit: 1000))
        limits = TarballLimits(expansionFloor: 1 << 20)
        #expect(await readToError(bytes, limits: limits).error as? TarballError == .expandsTooMuch(limit: 1000))
    }

    @Test("Bombs", arguments: [TarballCompression.zstd(), .gzip()])
    func bombs(_ compression: TarballCompression) async throws {
        let zeros = [UInt8](repeating: 0, count: 8 << 20)
        let bomb = try await Compression.compress(zeros, with: compression)
        let strict = TarballLimits(maximumExpansion: 100, expansionFloor: 1 << 20)
        #expect(await readToError(bomb, limits: strict).error as? TarballError == .expandsTooMuch(limit: 100))
        let small = TarballLimits(maximumTotalSize: 1 << 20)
        #expect(await readToError(bomb, limits: small).error as? TarballError == .tooLarge(limit: 1 << 20))
        await #expect(throws: TarballError.tooLarge(limit: 1 << 20)) {
            try await Compression.decompress(bomb, limit: 1 << 20)
        }
        await #expect(throws: TarballError.expandsTooMuch(limit: 100)) {
            for try await _ in stream(bomb).decompressed(limits: strict) {}
        }
        if case .zstd = compression {
            await #expect(throws: TarballError.self) {
                try await FrameReader.contents(of: [], inFrame: bomb, limits: strict)
            }
        }
    }

    @Test("Frames and members without content, without end")
    func emptyFrames() async throws {
        for empty in [
            try await Compression.compress([]), try await Compression.compress([], with: .gzip()),
            [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4],
        ] {
            let piece = Array(repeating: empty, count: 1000).flatMap(\.self)
            let endless = ByteStream { piece }
            await #expect(throws: TarballError.tooLarge(limit: 1 << 20)) {
                for try await _ in TarballReader(endless, limits: TarballLimits(maximumTotalSize: 1 << 20)) {}
            }
        }
    }

    @Test("What follows the end is refused, unless it is zeros")
    func trailing() async throws {
        var tar = RawTar()
        tar.add("x", [1])
        #expect(await readToError(tar.whole + [UInt8](repeating: 0, count: 9000)).error == nil)
        #expect(
            await readToError(tar.whole + Array("garbage".utf8)).error as? TarballError == .trailingData(offset: 1024))
        #expect(await readToError(tar.whole + tar.whole).error is TarballError)
        for compression in [TarballCompression.zstd(), .gzip()] {
            let written = try await write([TarballEntry(path: "x", content: [1], modified: 0)], compression)
            #expect(await readToError(written.bytes + Array("garbage".utf8)).error is TarballError)
            #expect(await readToError(written.bytes + written.bytes).error is TarballError)
        }
        let gzip = try await write([TarballEntry(path: "x", content: [1], modified: 0)], .gzip())
        #expect(await readToError(gzip.bytes + [0, 0, 0]).error == nil)
    }

    @Test("What is no tarball")
    func unrecognized() async throws {
        let texts: [[UInt8]] = [
            Array("hello".utf8), Array(repeating: 65, count: 5000), Array("BZh91AY&SY".utf8),
            [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0],
            [0x04, 0x22, 0x4D, 0x18, 1], Array("{\"kind\": \"List\"}".utf8) + Array(repeating: 32, count: 2000),
        ]
        for text in texts {
            let error = await readToError(text).error
            switch error as? TarballError {
            case .unrecognized, .truncated: break
            default: Issue.record("\(text.prefix(8)): \(String(describing: error))")
            }
        }
        #expect(await readToError([]).error as? TarballError == .truncated(offset: 0))
        await #expect(throws: TarballError.self) { try await Compression.decompress(Array("hello".utf8), limit: 100) }
    }

    @Test("Errors name what a person can act on, without control characters")
    func messages() {
        let error = TarballError.invalidPath(path: "../\u{1B}[2J" + String(repeating: "x", count: 5000), reason: "r")
        #expect(!error.description.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(error.description.count < 400)
        #expect(error.advice != nil)
    }
}
