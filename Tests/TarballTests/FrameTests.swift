import GodwitTestKit
import Streams
import Tarball
import Testing

@Suite("Frames")
struct FrameTests {
    private func sample(_ count: Int = 200) -> [TarballEntry] {
        var generator = SeededGenerator(seed: 11)
        return randomEntries(count, using: &generator)
    }

    @Test("Each item is read by range, exactly")
    func singleItems() async throws {
        let entries = sample()
        let written = try await write(entries, frames: FramePolicy(target: 16 << 10, minimum: 4096))
        #expect(written.summary.frames > 10)
        for (entry, location) in zip(entries, written.locations) {
            let rest = Array(written.bytes[Int(location.frame)...])
            #expect(try await FrameReader.contents(of: [location], inFrame: rest) == [entry.content])
        }
    }

    @Test("All items of a frame at once, in any order, twice too, from a stream in small pieces")
    func wholeFrames() async throws {
        let entries = sample()
        let written = try await write(entries, frames: FramePolicy(target: 16 << 10, minimum: 4096))
        let frames = Dictionary(grouping: zip(entries, written.locations)) { $0.1.frame }
        for (frame, items) in frames {
            let asked = items.reversed() + items
            let rest = stream(Array(written.bytes[Int(frame)...]), pieces: 37)
            let contents = try await FrameReader.contents(of: asked.map(\.1), inFrame: rest)
            #expect(contents == asked.map(\.0.content))
        }
    }

    @Test("No more is pulled than the frame needs")
    func pullsOneFrame() async throws {
        let written = try await write(sample(), frames: FramePolicy(target: 16 << 10, minimum: 4096))
        let starts = Set(written.locations.map(\.frame)).sorted()
        let source = PieceSource(Array(written.bytes[Int(starts[3])...]), 100)
        let asked = written.locations.filter { $0.frame == starts[3] }
        _ = try await FrameReader.contents(of: asked, inFrame: ByteStream { await source.next() })
        #expect(await source.given < starts[4] - starts[3] + 100)
    }

    @Test("Every frame is a complete zstd frame with checksum and size")
    func frameHeaders() async throws {
        let written = try await write(sample(), frames: FramePolicy(target: 16 << 10, minimum: 4096))
        for frame in Set(written.locations.map(\.frame)) {
            let start = Int(frame)
            #expect(Array(written.bytes[start..<start + 4]) == [0x28, 0xB5, 0x2F, 0xFD])
            let descriptor = written.bytes[start + 4]
            #expect(descriptor & 0b100 != 0, "the checksum")
            #expect(descriptor & 0b1110_0000 != 0, "the content size")
        }
    }

    @Test("Frames stay below the target, unless one entry does not; such a one has a frame of its own")
    func sizes() async throws {
        let large = TarballEntry(path: "large", content: Array(repeating: 7, count: 100_000), modified: 0)
        let small = (0..<40).map {
            TarballEntry(path: "small-\($0)", content: Array(repeating: 1, count: 1000), modified: 0)
        }
        let entries = small[..<5] + [large] + small[5...] + [large]
        let written = try await write(Array(entries), frames: FramePolicy(target: 20_000, minimum: 0))
        let placed = zip(entries, written.locations).map { (path: $0.path, location: $1) }
        let largeFrames = placed.filter { $0.path == "large" }.map(\.location.frame)
        #expect(Set(largeFrames).count == 2)
        for item in placed where item.path != "large" {
            #expect(!largeFrames.contains(item.location.frame))
            #expect(item.location.offset + item.location.length <= 20_000)
        }
        #expect(try await read(written.bytes).map(\.asWritten) == Array(entries))
    }

    @Test("A cut begins a frame only when the current one holds the minimum")
    func cuts() async throws {
        let channel = BoundedChannel<[UInt8]>(limit: .max) { $0.count }
        let writer = try TarballWriter(
            compression: .zstd(), framePolicy: FramePolicy(target: 1 << 20, minimum: 8000), output: channel)
        func append(_ size: Int, cut: Bool) async throws -> Int64 {
            let entry = TarballEntry(path: "x", content: Array(repeating: 1, count: size), modified: 0)
            return try await writer.append([entry], cutBefore: cut)[0].frame
        }
        #expect(try await append(100, cut: true) == 0)
        #expect(try await append(100, cut: true) == 0)
        #expect(try await append(9000, cut: true) == 0)
        #expect(try await append(100, cut: false) == 0)
        let second = try await append(100, cut: true)
        #expect(second > 0)
        #expect(try await append(100, cut: true) == second)
        #expect(try await writer.append([], cutBefore: true) == [])
        #expect(try await append(9000, cut: false) == second)
        #expect(try await writer.append([], cutBefore: true) == [])
        #expect(try await append(100, cut: false) > second)
        #expect(try await writer.finish().frames == 3)
    }

    @Test("Locations in gzip count from the beginning of the tar")
    func gzip() async throws {
        let entries = sample()
        let written = try await write(entries, .gzip())
        let tar = try await Compression.decompress(written.bytes, limit: 1 << 30)
        for (entry, location) in zip(entries, written.locations) {
            #expect(location.frame == 0)
            #expect(Array(tar[Int(location.offset)..<Int(location.offset + location.length)]) == entry.content)
        }
    }

    @Test("Locations that lie outside are refused, whatever they are")
    func outside() async throws {
        let written = try await write(sample(5))
        let cases: [(Int64, Int64)] = [
            (-1, 5), (0, -1), (.max, 1), (.max, .max), (1, .max), (1 << 40, 0), (0, 1 << 30), (1 << 20, 10),
        ]
        for (offset, length) in cases {
            let location = ContentLocation(frame: 0, offset: offset, length: length)
            await #expect(throws: TarballError.self, "\(offset) \(length)") {
                try await FrameReader.contents(of: [location], inFrame: written.bytes)
            }
        }
    }

    @Test("A frame that is cut off, damaged, or no frame")
    func damaged() async throws {
        let entries = sample(10)
        let written = try await write(entries, frames: FramePolicy(target: 4096, minimum: 0))
        let location = written.locations[0]
        let end = try #require(written.locations.map(\.frame).filter { $0 > 0 }.min())
        let frame = Array(written.bytes[..<Int(end)])
        for length in 0..<frame.count {
            await #expect(throws: TarballError.self) {
                try await FrameReader.contents(of: [location], inFrame: Array(frame[..<length]))
            }
            await #expect(throws: TarballError.self) {
                try await FrameReader.contents(of: [location], inFrame: stream(Array(frame[..<length])))
            }
        }
        for index in frame.indices {
            var flipped = frame
            flipped[index] ^= 0x10
            let result = await Result { try await FrameReader.contents(of: [location], inFrame: flipped) }
            switch result {
            case .success(let contents): #expect(contents == [entries[0].content])
            case .failure(let error): #expect(error is TarballError)
            }
        }
    }
}

extension Result where Failure == any Error {
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
