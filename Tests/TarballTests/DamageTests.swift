import GodwitTestKit
import Streams
import Tarball
import Testing

@Suite("Damage")
struct DamageTests {
    private func sample(
        _ seed: UInt64, _ compression: TarballCompression
    ) async throws -> (
        entries: [TarballEntry], bytes: [UInt8]
    ) {
        var generator = SeededGenerator(seed: seed)
        let entries = randomEntries(12, using: &generator, largest: 900)
        return (entries, try await write(entries, compression, frames: FramePolicy(target: 4096, minimum: 0)).bytes)
    }

    @Test("Cut off at every length", arguments: [TarballCompression.zstd(), .gzip()])
    func truncated(_ compression: TarballCompression) async throws {
        let (entries, bytes) = try await sample(31, compression)
        for length in bytes.indices {
            let result = await readToError(Array(bytes[..<length]))
            #expect(result.entries.map(\.asWritten) == Array(entries.prefix(result.entries.count)))
            guard case .truncated = result.error as? TarballError else {
                Issue.record("\(length) of \(bytes.count): \(String(describing: result.error))")
                continue
            }
        }
        #expect(try await read(bytes).count == entries.count)
    }

    @Test("A plain tar, cut off at every length")
    func truncatedPlain() async throws {
        let (entries, bytes) = try await sample(32, .zstd())
        let tar = try await Compression.decompress(bytes, limit: 1 << 30)
        for length in tar.indices.dropLast(0) where length % 7 == 0 || length % 512 < 2 {
            let result = await readToError(Array(tar[..<length]))
            #expect(result.entries.map(\.asWritten) == Array(entries.prefix(result.entries.count)))
            #expect(result.error is TarballError, "\(length) of \(tar.count)")
        }
        #expect(try await read(tar).count == entries.count)
    }

    @Test("Content that looks like the end of an archive does not hide that the rest is missing")
    func zerosAtTheCut() async throws {
        let entries = [
            TarballEntry(path: "zeros", content: [UInt8](repeating: 0, count: 4096), modified: 0),
            TarballEntry(path: "lost", content: [1], modified: 0),
        ]
        let tar = try await Compression.decompress(try await write(entries).bytes, limit: 1 << 30)
        for length in [512 + 4096, 512 + 2048, 512 + 4096 + 512 + 512] {
            guard case .truncated = await readToError(Array(tar[..<length])).error as? TarballError else {
                Issue.record("\(length)")
                continue
            }
        }
    }

    @Test("One bit flipped anywhere is noticed, or changes nothing", arguments: [TarballCompression.zstd(), .gzip()])
    func flippedBits(_ compression: TarballCompression) async throws {
        let (entries, bytes) = try await sample(33, compression)
        var generator = SeededGenerator(seed: 34)
        for index in bytes.indices {
            var flipped = bytes
            flipped[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            let result = await readToError(flipped)
            if let error = result.error {
                #expect(error is TarballError, "\(index): \(error)")
            } else {
                #expect(result.entries.map(\.asWritten) == entries, "\(index)")
            }
        }
    }

    @Test("Random damage to the tar inside never traps, hangs or escapes", arguments: 0..<8)
    func fuzzedTar(_ seed: UInt64) async throws {
        let (_, bytes) = try await sample(35, .zstd())
        let tar = try await Compression.decompress(bytes, limit: 1 << 30)
        var generator = SeededGenerator(seed: 100 + seed)
        for _ in 0..<150 {
            var damaged = tar
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let at = Int.random(in: damaged.indices, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: damaged[at] = .random(in: 0...255, using: &generator)
                case 1: damaged.removeSubrange(at..<min(at + 512, damaged.count))
                case 2:
                    damaged.insert(contentsOf: tar[min(at / 512 * 512, tar.count)...].prefix(1024), at: at / 512 * 512)
                default: damaged[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                }
            }
            repairChecksums(&damaged)
            let result = await readToError(damaged, limits: TarballLimits(maximumEntrySize: 1 << 20))
            #expect(result.error == nil || result.error is TarballError, "\(String(describing: result.error))")
            for entry in result.entries {
                #expect(!entry.path.hasPrefix("/") && !entry.path.split(separator: "/").contains(".."))
            }
        }
    }

    /// Makes blocks that look like headers pass their checksum, so that damage reaches what lies behind it.
    private func repairChecksums(_ tar: inout [UInt8]) {
        for start in stride(from: 0, to: tar.count - 511, by: 512)
        where Array(tar[start + 257..<start + 262]) == Array("ustar".utf8) {
            for index in start + 148..<start + 156 { tar[index] = 32 }
            let sum = String(tar[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
            let field = String(repeating: "0", count: 6 - sum.count) + sum
            tar.replaceSubrange(start + 148..<start + 155, with: Array(field.utf8) + [0])
        }
    }

    @Test("Random bytes after each magic", arguments: 0..<4)
    func noise(_ seed: UInt64) async throws {
        var generator = SeededGenerator(seed: 200 + seed)
        for magic: [UInt8] in [[0x28, 0xB5, 0x2F, 0xFD], [0x1F, 0x8B, 8, 0], [0x50, 0x2A, 0x4D, 0x18], []] {
            for _ in 0..<50 {
                let noise = (0..<Int.random(in: 0...3000, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                #expect(await readToError(magic + noise).error is TarballError)
            }
        }
    }
}
