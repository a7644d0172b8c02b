import GodwitTestKit
import Streams
import Tarball
import Testing

@Suite("Compression of streams")
struct CompressionTests {
    private func sample(_ size: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(size))
        return (0..<size).map { _ in UInt8.random(in: 0...60, using: &generator) }
    }

    @Test("There and back", arguments: RoundTripTests.compressions, [0, 1, 1000, 65_536, 200_000])
    func roundTrip(_ compression: TarballCompression, _ size: Int) async throws {
        let bytes = sample(size)
        let compressed = try stream(bytes, pieces: 10_000).compressed(with: compression)
        let back = try await compressed.decompressed().collect(upTo: 1 << 30)
        #expect(back == bytes)
        let oneShot = try await Compression.compress(bytes, with: compression)
        #expect(try await Compression.decompress(oneShot, limit: size) == bytes)
        if size > 0 {
            await #expect(throws: TarballError.tooLarge(limit: Int64(size - 1))) {
                try await Compression.decompress(oneShot, limit: size - 1)
            }
        }
    }

    @Test("Pieces of one byte")
    func smallPieces() async throws {
        let bytes = sample(3000)
        for compression in [TarballCompression.zstd(), .gzip()] {
            let compressed = try await stream(bytes, pieces: 1).compressed(with: compression).collect(upTo: 1 << 20)
            #expect(try await stream(compressed, pieces: 1).decompressed().collect(upTo: 1 << 20) == bytes)
        }
    }

    @Test("Cut off at every length", arguments: [TarballCompression.zstd(), .gzip()])
    func truncated(_ compression: TarballCompression) async throws {
        let compressed = try await Compression.compress(sample(300), with: compression)
        for length in compressed.indices {
            await #expect(throws: TarballError.truncated(offset: Int64(length)), "\(length)") {
                try await Compression.decompress(Array(compressed[..<length]), limit: 1000)
            }
        }
    }

    @Test("An error of the source reaches the reader")
    func sourceErrors() async throws {
        struct Broken: Error {}
        let broken = ByteStream { throw Broken() }
        await #expect(throws: Broken.self) { try await broken.compressed().collect(upTo: 1) }
        await #expect(throws: Broken.self) { try await broken.decompressed().collect(upTo: 1) }
        await #expect(throws: Broken.self) { for try await _ in TarballReader(broken) {} }
        await #expect(throws: Broken.self) { try await FrameReader.contents(of: [], inFrame: broken) }
    }
}
