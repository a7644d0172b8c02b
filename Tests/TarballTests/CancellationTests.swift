import Foundation
import GodwitTestKit
import Streams
import Synchronization
import Testing

@testable import Tarball

@Suite("Cancellation and back-pressure")
struct CancellationTests {
    /// Incompressible entries of 4 KiB.
    private func entries(_ count: Int) -> [TarballEntry] {
        var generator = SeededGenerator(seed: 41)
        return (0..<count).map { index in
            let content = (0..<512).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
            return TarballEntry(path: "entry-\(index)", content: content, modified: 0)
        }
    }

    /// The number of this process's threads.
    private func threads() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
    }

    /// Waits until an actor is released, and with it its executor.
    private func expectRelease(_ object: () -> AnyObject?) async throws {
        for _ in 0..<3000 where object() != nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(object() == nil, "somebody holds it")
    }

    @Test("A slow consumer holds the writer back", arguments: [TarballCompression.zstd(level: 1), .gzip(level: 1)])
    func writerBackPressure(_ compression: TarballCompression) async throws {
        let queued = Mutex(0)
        let channel = BoundedChannel<[UInt8]>(limit: 1 << 20) { $0.count }
        let writer = try TarballWriter(
            compression: compression, framePolicy: FramePolicy(target: 256 << 10), output: channel)
        let entries = entries(2000)
        let producer = Task {
            for start in stride(from: 0, to: entries.count, by: 20) {
                _ = try await writer.append(Array(entries[start..<start + 20]))
                queued.withLock { $0 += 20 * 4096 }
            }
            return try await writer.finish()
        }
        // The channel takes its limit and one piece; a frame and a batch are on their way.
        let bound = (1 << 20) + (512 << 10) + (512 << 10) + 20 * 4608
        var taken = 0
        var largest = 0
        var sizes: [Int] = []
        while let piece = try await channel.next() {
            sizes.append(piece.count)
            if sizes.count % 8 == 1 { try await Task.sleep(for: .milliseconds(20)) }
            largest = max(largest, queued.withLock { $0 } - taken)
            taken += piece.count
        }
        #expect(largest < bound)
        #expect(try await producer.value.compressedBytes == Int64(taken))
        #expect(sizes.dropLast().allSatisfy { $0 >= 64 << 10 && $0 <= 512 << 10 })
    }

    @Test("A slow consumer holds the reader back")
    func readerBackPressure() async throws {
        let bytes = try await write(entries(2000), .zstd(level: 1)).bytes
        let source = PieceSource(bytes, 64 << 10)
        var taken = 0
        for try await entry in TarballReader(ByteStream { await source.next() }) {
            taken += entry.content.count
            // A batch, what the decompressor holds of a frame, and a piece.
            #expect(await source.given < taken + (1 << 20))
        }
        #expect(taken == 2000 * 4096)
    }

    @Test("The consumer goes: the writer learns of it, and is released")
    func abandoned() async throws {
        weak var held: TarballWriter?
        do {
            let channel = BoundedChannel<[UInt8]>(limit: 100_000) { $0.count }
            let writer = try TarballWriter(
                compression: .zstd(level: 1), framePolicy: FramePolicy(target: 64 << 10), output: channel)
            held = writer
            let entries = entries(500)
            let producer = Task { try await writer.append(entries) }
            _ = try await channel.next()
            channel.abandon()
            await #expect(throws: ChannelAbandoned.self) { try await producer.value }
            await #expect(throws: ChannelAbandoned.self) { try await writer.append([]) }
            await #expect(throws: ChannelAbandoned.self) { try await writer.finish() }
        }
        try await expectRelease { held }
    }

    @Test("The task is cancelled in the middle: the channel ends with an error, and the writer is released")
    func cancelledTask() async throws {
        weak var held: TarballWriter?
        do {
            let channel = BoundedChannel<[UInt8]>(limit: 100_000) { $0.count }
            let writer = try TarballWriter(
                compression: .zstd(level: 1), framePolicy: FramePolicy(target: 64 << 10), output: channel)
            held = writer
            let entries = entries(500)
            let producer = Task { try await writer.append(entries) }
            _ = try await channel.next()
            producer.cancel()
            await #expect(throws: CancellationError.self) { try await producer.value }
            await #expect(throws: CancellationError.self) { while try await channel.next() != nil {} }
        }
        try await expectRelease { held }
    }

    @Test("cancel() while an append waits for the consumer", arguments: 0..<20)
    func cancelDuringAppend(_ round: Int) async throws {
        let channel = BoundedChannel<[UInt8]>(limit: 100_000) { $0.count }
        let writer = try TarballWriter(
            compression: .zstd(level: 1), framePolicy: FramePolicy(target: 64 << 10), output: channel)
        let entries = entries(200)
        let producer = Task { try await writer.append(entries) }
        for _ in 0..<round % 4 { _ = try await channel.next() }
        await writer.cancel()
        await #expect(throws: CancellationError.self) { while try await channel.next() != nil {} }
        await #expect(throws: CancellationError.self) { try await producer.value }
        await #expect(throws: CancellationError.self) { try await writer.finish() }
        await writer.cancel()
    }

    @Test("A writer that is let go of ends its channel with an error")
    func released() async throws {
        weak var held: TarballWriter?
        let channel = BoundedChannel<[UInt8]>(limit: 100_000) { $0.count }
        do {
            let writer = try TarballWriter(
                compression: .zstd(), framePolicy: FramePolicy(), output: channel)
            held = writer
            _ = try await writer.append(entries(1))
        }
        await #expect(throws: TarballError.unfinished) { while try await channel.next() != nil {} }
        try await expectRelease { held }
    }

    @Test("After the end, nothing can be written")
    func closed() async throws {
        let channel = BoundedChannel<[UInt8]>(limit: .max) { $0.count }
        let writer = try TarballWriter(compression: .zstd(), output: channel)
        _ = try await writer.finish()
        await #expect(throws: TarballError.closed) { try await writer.append([]) }
        await #expect(throws: TarballError.closed) { try await writer.finish() }
        await writer.cancel()
        #expect(try await read(try await ByteStream(channel).collect(upTo: 1 << 20)) == [])
    }

    @Test("A refused path leaves the writer as it was")
    func refusedPath() async throws {
        let channel = BoundedChannel<[UInt8]>(limit: .max) { $0.count }
        let writer = try TarballWriter(compression: .zstd(), output: channel)
        let good = TarballEntry(path: "good", content: [1], modified: 0)
        let evil = TarballEntry(path: "../evil", content: [1], modified: 0)
        await #expect(throws: TarballError.self) { try await writer.append([good, evil]) }
        _ = try await writer.append([good])
        #expect(try await writer.finish().entries == 1)
        #expect(try await read(try await ByteStream(channel).collect(upTo: 1 << 20)).map(\.path) == ["good"])
    }

    @Test("Appends that overlap are written one after another")
    func overlapping() async throws {
        let channel = BoundedChannel<[UInt8]>(limit: 100_000) { $0.count }
        let writer = try TarballWriter(
            compression: .zstd(level: 1), framePolicy: FramePolicy(target: 64 << 10), output: channel)
        async let bytes = ByteStream(channel).collect(upTo: 1 << 30)
        let entries = entries(600)
        let located = try await withThrowingTaskGroup(of: [(String, ContentLocation)].self) { group in
            for start in stride(from: 0, to: 600, by: 50) {
                group.addTask {
                    let batch = Array(entries[start..<start + 50])
                    return Array(zip(batch.map(\.path), try await writer.append(batch, cutBefore: start % 100 == 0)))
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        _ = try await writer.finish()
        let locations = Dictionary(uniqueKeysWithValues: located)
        let read = try await read(try await bytes)
        #expect(read.count == 600)
        for entry in read { #expect(entry.location == locations[entry.path]) }
        for start in stride(from: 0, to: 600, by: 50) {
            let names = entries[start..<start + 50].map(\.path)
            let first = try #require(read.firstIndex { $0.path == names[0] })
            #expect(read[first..<first + 50].map(\.path) == names)
        }
    }

    @Test("Reading is cancelled while it waits for a stream that never comes", arguments: [true, false])
    func cancelledReader(_ heedsCancellation: Bool) async throws {
        weak var held: TarballReadingSession?
        let started = BoundedChannel<Int>(limit: 10) { _ in 1 }
        let never = BoundedChannel<[UInt8]>(limit: 10) { $0.count }
        do {
            let stuck = ByteStream {
                try await started.send(1)
                if heedsCancellation { return try await never.next() }
                return try await Task { try await never.next() }.value
            }
            let reader = TarballReader(stuck)
            held = reader.session
            let reading = Task { for try await _ in reader {} }
            _ = try await started.next()
            reading.cancel()
            await #expect(throws: CancellationError.self) { try await reading.value }
        }
        try await expectRelease { held }
        never.finish()
    }

    @Test("Reading that stops early releases all")
    func stoppedReader() async throws {
        weak var held: TarballReadingSession?
        let bytes = try await write(entries(500), .zstd(level: 1)).bytes
        do {
            let reader = TarballReader(stream(bytes))
            held = reader.session
            for try await entry in reader {
                #expect(entry.path == "entry-0")
                break
            }
        }
        try await expectRelease { held }
    }

    @Test("A thousand readings and writings, broken off at different points, leave no threads behind")
    func manyBrokenOff() async throws {
        let bytes = try await write(entries(40), .zstd(level: 1), frames: FramePolicy(target: 16 << 10)).bytes
        for round in 0..<1000 {
            if round % 2 == 0 {
                let channel = BoundedChannel<[UInt8]>(limit: 1) { $0.count }
                let writer = try TarballWriter(compression: .zstd(level: 1), output: channel)
                if round % 4 == 0 { _ = try await writer.append([TarballEntry(path: "x", content: [], modified: 0)]) }
            } else {
                var iterator = TarballReader(stream(Array(bytes.prefix(round * 100)))).makeAsyncIterator()
                _ = try? await iterator.next()
            }
        }
        for _ in 0..<3000 where try threads() > 200 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try threads() <= 200)
    }
}
