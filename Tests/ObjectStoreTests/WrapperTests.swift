import Foundation
import GodwitEngine
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Testing

@Suite struct WrapperTests {
    private let memory = MemoryObjectStore()
    private let policy = RetryPolicy(attempts: 3, base: .microseconds(1), cap: .microseconds(10))

    private func retrying(_ faults: [Int: FaultyObjectStore.Fault]) -> (RetryingObjectStore, FaultyObjectStore) {
        let faulty = FaultyObjectStore(memory) { call, _ in faults[call] }
        return (RetryingObjectStore(faulty, policy: policy), faulty)
    }

    @Test func passingFailuresAreRetriedAndOthersAreNot() async throws {
        let (store, faulty) = retrying([0: .error(.throttled), 1: .error(.connection), 3: .error(.accessDenied)])
        try await store.put("a", .bytes([1]), options: PutOptions())
        await expectError(.accessDenied) { _ = try await store.stat("a") }
        #expect(faulty.callCount == 4)
        let (hopeless, calls) = retrying([0: .error(.unavailable), 1: .error(.unavailable), 2: .error(.unavailable)])
        await expectError(.unavailable) { _ = try await hopeless.stat("a") }
        #expect(calls.callCount == 3)
    }

    @Test func streamsAreNotPutTwice() async throws {
        let (store, faulty) = retrying([0: .error(.unavailable)])
        await expectError(.unavailable) {
            try await store.put("a", .stream(ByteStream([1]), length: 1), options: PutOptions())
        }
        #expect(faulty.callCount == 1)
    }

    @Test func aLostAnswerToAConditionalPutIsNotAConflict() async throws {
        let (store, _) = retrying([0: .lostAnswer(.connection)])
        let info = try await store.put("a", .bytes([1, 2]), options: PutOptions(ifAbsent: true))
        #expect(info.size == 2)
        // Somebody else's object still is one.
        let (other, _) = retrying([0: .error(.connection)])
        await expectError(.alreadyExists) {
            try await other.put("a", .bytes([3, 4]), options: PutOptions(ifAbsent: true))
        }
    }

    @Test func brokenBodiesAreResumed() async throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        try await memory.put("a", .bytes(bytes), options: PutOptions())
        let (store, faulty) = retrying([
            0: .truncatedBody(afterBytes: 100_001), 1: .error(.unavailable), 2: .truncatedBody(afterBytes: 1),
        ])
        #expect(try await store.get("a", range: 7..<299_999).body.collect(upTo: 1 << 20) == Array(bytes[7..<299_999]))
        #expect(faulty.callCount == 4)
    }

    /// A damaged body of which nothing was handed on is read anew, whole; one of which some was is an error to its end.
    @Test func damagedBodiesAreNotPatched() async throws {
        let small: [UInt8] = [1, 2, 3]
        try await memory.put("small", .bytes(small), options: PutOptions())
        try await memory.put("empty", .bytes([]), options: PutOptions())
        try await memory.put("a", .bytes([UInt8](repeating: 1, count: 300_000)), options: PutOptions())
        let (healed, faulty) = retrying([0: .damagedBody])
        #expect(try await healed.get("small", range: nil).body.collect(upTo: 9) == small)
        #expect(faulty.callCount == 2)
        let (none, _) = retrying([0: .damagedBody, 1: .damagedBody, 2: .damagedBody])
        await expectError(.corrupted) { _ = try await none.get("empty", range: nil).body.collect(upTo: 9) }
        let (large, calls) = retrying([0: .damagedBody])
        await expectError(.corrupted) { _ = try await large.get("a", range: nil).body.collect(upTo: 1 << 20) }
        #expect(calls.callCount == 1)
    }

    @Test func anObjectThatChangedIsNotMixed() async throws {
        try await memory.put("a", .bytes([UInt8](repeating: 1, count: 300_000)), options: PutOptions())
        let (store, _) = retrying([0: .truncatedBody(afterBytes: 100_000)])
        let reader = try await store.get("a", range: nil)
        try await memory.put("a", .bytes([UInt8](repeating: 2, count: 300_000)), options: PutOptions())
        let body = reader.body
        // What was opened goes on with the old object until it breaks; then the new one must not follow.
        await expectError(.changed) { _ = try await body.collect(upTo: 1 << 20) }
    }

    @Test func prefixes() async throws {
        let store = try ObjectStoreStack.make(memory, prefix: "/a/b/", retry: .none)
        try await store.put("c", .bytes([1]), options: PutOptions())
        #expect(memory.keys == ["a/b/c"])
        try await memory.put("a/bc", .bytes([1]), options: PutOptions())
        #expect(try await store.list(ListRequest(prefix: "")).objects.map(\.key) == ["c"])
        for prefix in ["a//b", "..", "a/../b"] {
            await expectError(.invalidConfiguration) { _ = try ObjectStoreStack.make(memory, prefix: prefix) }
        }
    }
}
