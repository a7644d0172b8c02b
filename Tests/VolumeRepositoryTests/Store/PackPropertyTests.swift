import GodwitTestKit
import Testing

@testable import VolumeRepository

/// Packs of random chunks: what is put in is found by each of the three ways to look into a pack, and no bit is without
/// meaning.
@Suite struct PackPropertyTests {
    @Test(arguments: 1...20, [false, true]) func whatIsPackedIsFound(seed: UInt64, isSealed: Bool) throws {
        var numbers = SeededGenerator(seed: seed)
        let codec = try Self.codec(isSealed: isSealed)
        let chunks = try Self.chunks(&numbers, codec)
        let (contents, bytes) = try Self.pack(chunks, codec)
        let inspector = PackInspector(codec: codec)
        #expect(bytes.count.isMultiple(of: TarHeader.block) && Int(contents.size) == bytes.count)
        #expect(contents.chunks.map(\.id) == chunks.map(\.id))
        #expect(inspector.flaws(of: bytes, contents: contents).isEmpty)
        #expect(inspector.walk(bytes, of: contents.id) == contents)
        #expect(inspector.ownIndex(in: bytes, of: contents.id, size: contents.size) == contents)
        for (place, chunk) in zip(contents.chunks, chunks) {
            let stored = Array(bytes[Int(place.offset)..<Int(place.range.upperBound)])
            let content = try stored.withUnsafeBytes { stored in
                try codec.decode(chunk: stored, id: place.id, size: Int(place.contentLength))
            }
            #expect(content == chunk.content)
        }
        // The last bytes are enough for the index, if they hold it all.
        let index = Int(contents.chunks.last?.range.upperBound ?? 0)
        let start = min(bytes.count, (index + TarHeader.block - 1) / TarHeader.block * TarHeader.block)
        #expect(inspector.ownIndex(in: Array(bytes[start...]), of: contents.id, size: contents.size) == contents)
    }

    @Test(arguments: 1...20, [false, true]) func noBitIsWithoutMeaning(seed: UInt64, isSealed: Bool) throws {
        var numbers = SeededGenerator(seed: seed &+ 100)
        let codec = try Self.codec(isSealed: isSealed)
        let (contents, bytes) = try Self.pack(try Self.chunks(&numbers, codec), codec)
        let inspector = PackInspector(codec: codec)
        for _ in 0..<100 {
            var damaged = bytes
            let place = Int.random(in: 0..<bytes.count, using: &numbers)
            damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
            #expect(!inspector.flaws(of: damaged, contents: contents).isEmpty, "a flip in byte \(place)")
            // What is found all the same was there.
            let found = inspector.walk(damaged, of: contents.id)
            #expect(Set(found.chunks).isSubset(of: contents.chunks))
        }
        for cut in [1, 511, 512, 1024, bytes.count / 2] where cut < bytes.count {
            let cutBytes = Array(bytes.dropLast(cut))
            #expect(!inspector.flaws(of: cutBytes, contents: contents).isEmpty, "cut by \(cut)")
        }
    }

    @Test(arguments: 1...30) func anIndexGoesBothWays(seed: UInt64) throws {
        var numbers = SeededGenerator(seed: seed)
        var packs: [PackContents] = []
        var text: [UInt8] = []
        for _ in 0..<Int.random(in: 0...5, using: &numbers) {
            let size = UInt32.random(in: 1 << 24 ... .max, using: &numbers)
            let chunks = (0..<Int.random(in: 0...40, using: &numbers)).map { _ in
                let length = UInt32.random(in: 1...UInt32(BlockCodec.maximumStored), using: &numbers)
                return PackedChunk(
                    id: ChunkID(words: (numbers.next(), numbers.next(), numbers.next(), numbers.next())),
                    offset: .random(in: 0...(size - length), using: &numbers), length: length,
                    contentLength: .random(in: 0...UInt32(ChunkLimits.maximumContent), using: &numbers))
            }
            let pack = PackContents(
                id: PackID(high: numbers.next(), low: numbers.next()), size: size, chunks: chunks)
            packs.append(pack)
            IndexText.append(pack, to: &text)
        }
        var read: [PackContents] = []
        try IndexText.forEachPack(text) { read.append($0) }
        #expect(read == packs)
        guard !text.isEmpty else { return }
        // No beginning of it is an index, unless it ends with a line.
        let end = Int.random(in: 0..<text.count, using: &numbers)
        guard end > 0, text[end - 1] != UInt8(ascii: "\n") else { return }
        #expect(throws: IndexFlaw.self) { try IndexText.forEachPack(Array(text[..<end])) { _ in } }
    }

    private struct Chunk {
        let id: ChunkID
        let content: [UInt8]
    }

    private static func codec(isSealed: Bool) throws -> BlockCodec {
        let cipher = isSealed ? try RepositoryCipher(master: Secret(copying: [UInt8](0..<32))) : .none
        return BlockCodec(cipher: cipher, level: 3)
    }

    private static func chunks(_ numbers: inout SeededGenerator, _ codec: BlockCodec) throws -> [Chunk] {
        let edges = [1, 2, 500, 511, 512, 513, 1024, 40_000]
        return (0..<Int.random(in: 1...6, using: &numbers)).map { _ in
            let size = Bool.random(using: &numbers) ? edges.randomElement(using: &numbers) ?? 1 : 3000
            let noise = numbers.bytes(size)
            let content =
                Bool.random(using: &numbers) ? noise : [UInt8]("text \(numbers.next())".utf8).repeated(to: size)
            return Chunk(id: codec.cipher.id(of: content), content: content)
        }
    }

    private static func pack(_ chunks: [Chunk], _ codec: BlockCodec) throws -> (PackContents, [UInt8]) {
        var builder = try PackBuilder(capacity: 1 << 16, isSealed: codec.cipher.isEncrypting)
        for chunk in chunks {
            let stored = try chunk.content.withUnsafeBytes { try codec.encode(chunk: $0, id: chunk.id) }
            builder.append(chunk.id, stored: stored, contentLength: chunk.content.count)
        }
        let (contents, bytes) = try builder.finish(codec)
        return (contents, bytes)
    }
}
