import Synchronization
import Testing

@testable import Streams

@Suite struct BoundedChannelTests {
    private struct Broken: Error {}

    @Test func deliversEverythingInOrder() async throws {
        let channel = BoundedChannel<Int>(limit: 10) { _ in 3 }
        let producer = Task {
            for number in 0..<20_000 { try await channel.send(number) }
            channel.finish()
        }
        var expected = 0
        while let number = try await channel.next() {
            #expect(number == expected)
            expected += 1
        }
        try await producer.value
        #expect(expected == 20_000)
        #expect(try await channel.next() == nil)
    }

    @Test func aProducerWaitsAtTheLimit() async throws {
        let channel = BoundedChannel<[UInt8]>(limit: 100, cost: \.count)
        let sent = Atomic<Int>(0)
        let producer = Task {
            for _ in 0..<10 {
                try await channel.send([UInt8](repeating: 0, count: 60))
                sent.add(1, ordering: .sequentiallyConsistent)
            }
            channel.finish()
        }
        for taken in 0..<10 {
            #expect(try await channel.next()?.count == 60)
            // What is in the queue, what was taken, and the one that waits to be counted.
            #expect(sent.load(ordering: .sequentiallyConsistent) <= taken + 3)
        }
        try await producer.value
    }

    @Test func errorsArriveAfterWhatWasSent() async throws {
        let channel = BoundedChannel<Int>(limit: 10) { _ in 1 }
        try await channel.send(1)
        channel.finish(throwing: Broken())
        channel.finish()
        #expect(try await channel.next() == 1)
        await #expect(throws: Broken.self) { try await channel.next() }
        await #expect(throws: Broken.self) { try await channel.send(2) }
    }

    @Test func abandoningWakesBothEnds() async throws {
        let full = BoundedChannel<Int>(limit: 1) { _ in 1 }
        let producer = Task { try await full.send(1) }
        await Task.yield()
        full.abandon()
        await #expect(throws: ChannelAbandoned.self) { try await producer.value }
        await #expect(throws: ChannelAbandoned.self) { try await full.send(2) }
        let empty = BoundedChannel<Int>(limit: 1) { _ in 1 }
        let consumer = Task { try await empty.next() }
        await Task.yield()
        empty.abandon()
        await #expect(throws: ChannelAbandoned.self) { try await consumer.value }
    }

    @Test func droppingAByteStreamAbandonsItsChannel() async throws {
        let channel = BoundedChannel<[UInt8]>(limit: 1, cost: \.count)
        let producer = Task { while true { try await channel.send([1, 2, 3]) } }
        var stream: ByteStream? = ByteStream(channel)
        var iterator = stream?.makeAsyncIterator()
        #expect(try await iterator?.next() == [1, 2, 3])
        iterator = nil
        stream = nil
        await #expect(throws: ChannelAbandoned.self) { _ = try await producer.value as Void }
    }

    /// Ends, cancellations and abandonments at every moment: nobody waits for ever and nothing is lost before the end.
    @Test func stress() async throws {
        for round in 0..<400 {
            let channel = BoundedChannel<Int>(limit: 1 + round % 5) { _ in 1 }
            let producers = (0..<1 + round % 3).map { index in
                Task {
                    for number in 0..<100 { try await channel.send(index * 1000 + number) }
                }
            }
            let consumer = Task {
                var last: [Int: Int] = [:]
                while let number = try await channel.next() {
                    #expect(number % 1000 > last[number / 1000] ?? -1)
                    last[number / 1000] = number % 1000
                }
                return last.values.allSatisfy { $0 == 99 }
            }
            for _ in 0..<round % 17 { await Task.yield() }
            switch round % 4 {
            case 0:
                for producer in producers { try await producer.value }
                channel.finish()
                #expect(try await consumer.value)
            case 1:
                consumer.cancel()
                _ = await consumer.result
                channel.abandon()
                for producer in producers { _ = await producer.result }
            case 2:
                for producer in producers { producer.cancel() }
                for producer in producers { _ = await producer.result }
                channel.finish()
                _ = await consumer.result
            default:
                channel.abandon()
                for producer in producers { _ = await producer.result }
                await #expect(throws: ChannelAbandoned.self) { try await consumer.value }
            }
        }
    }

    /// A queue that is never empty lets go of what was taken.
    @Test func takenElementsAreReleased() {
        final class Element {}
        var queue = Queue<Element>()
        var alive: [() -> Element?] = []
        for _ in 0..<1000 {
            let element = Element()
            alive.append { [weak element] in element }
            queue.append(element)
            if alive.count > 10 { _ = queue.popFirst() }
        }
        #expect(alive.count { $0() != nil } == 10)
        var rest = 0
        while queue.popFirst() != nil { rest += 1 }
        #expect(rest == 10 && queue.isEmpty)
    }
}
