import Glibc
import Synchronization
import Testing

@testable import Streams

@Suite struct ThreadExecutorTests {
    private actor Counter {
        private let executor: ThreadExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        private var count = 0

        init(_ name: String) { executor = ThreadExecutor(name: name) }

        func increment() -> (count: Int, thread: UInt) {
            count += 1
            return (count, UInt(pthread_self()))
        }
    }

    @Test func anActorRunsOnItsOwnThread() async {
        let counter = Counter("counting")
        let own = await counter.increment().thread
        await withTaskGroup(of: UInt.self) { group in
            for _ in 0..<500 { group.addTask { await counter.increment().thread } }
            for await thread in group { #expect(thread == own) }
        }
        #expect(await counter.increment().count == 502)
    }

    /// Executors come and go with their actors, whose last use may be on the thread itself.
    @Test func executorsComeAndGo() async {
        await withTaskGroup(of: Int.self) { group in
            for index in 0..<200 {
                group.addTask { await Counter("short-\(index)").increment().count }
            }
            for await count in group { #expect(count == 1) }
        }
    }

    @Test func aPoolRunsWorkAndPassesErrors() async throws {
        struct Broken: Error {}
        let pool = BlockingPool(threads: 2)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 { group.addTask { try await pool.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 19_900)
        await #expect(throws: Broken.self) { try await pool.run { throw Broken() } }
    }
}

@Suite struct StreamsTests {
    @Test func aStreamOfBytesPassesOverEmptyPieces() async throws {
        let pieces = Mutex<[[UInt8]]>([[], [1], [], [2, 3], []])
        let stream = ByteStream { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
        #expect(try await stream.collect(upTo: 3) == [1, 2, 3])
        #expect(try await ByteStream([UInt8]()).collect(upTo: 0) == [])
        await #expect(throws: StreamTooLong.self) { try await ByteStream([1, 2]).collect(upTo: 1) }
    }

    @Test func retriesStopAtTheLimitAndAtFinalErrors() async throws {
        struct Passing: Error {}
        struct Final: Error {}
        let policy = RetryPolicy(attempts: 3, base: .zero, cap: .zero)
        let calls = Atomic<Int>(0)
        await #expect(throws: Passing.self) {
            try await policy.run {
                $0 is Passing ? .zero : nil
            } operation: { _ in
                calls.add(1, ordering: .relaxed)
                throw Passing()
            }
        }
        #expect(calls.load(ordering: .relaxed) == 3)
        await #expect(throws: Final.self) {
            try await policy.run {
                $0 is Passing ? .zero : nil
            } operation: { _ in
                calls.add(1, ordering: .relaxed)
                throw Final()
            }
        }
        #expect(calls.load(ordering: .relaxed) == 4)
        #expect(
            try await policy.run { _ in
                .zero
            } operation: { attempt in
                if attempt < 2 { throw Passing() }
                return attempt
            } == 2)
        for attempt in [0, 5, 62, 1000] {
            #expect(RetryPolicy.standard.delay(afterAttempt: attempt) <= RetryPolicy.standard.cap)
        }
    }
}
