import Streams
import Synchronization
import Testing

@Suite struct OrderedConcurrencyTests {
    @Test(arguments: [1, 3, 50]) func resultsComeInOrder(limit: Int) async throws {
        var elements = (0..<200).makeIterator()
        var results: [Int] = []
        let running = Mutex((now: 0, most: 0))
        try await forEachInOrder(limit: limit) {
            elements.next()
        } work: { element in
            running.withLock { running in
                running.now += 1
                running.most = max(running.most, running.now)
            }
            for _ in 0..<(element * 7919 % 13) { await Task.yield() }
            running.withLock { $0.now -= 1 }
            return element * 2
        } consume: {
            results.append($0)
        }
        #expect(results == (0..<200).map { $0 * 2 })
        #expect(running.withLock { $0.most } <= limit)
    }

    @Test func theFirstErrorEndsAll() async {
        struct Failure: Error {}
        var number = 0
        var consumed: [Int] = []
        await #expect(throws: Failure.self) {
            try await forEachInOrder(limit: 4) {
                number += 1
                return number
            } work: { element in
                if element == 10 { throw Failure() }
                if element > 10 { try await Task.sleep(for: .seconds(60)) }
                return element
            } consume: {
                consumed.append($0)
            }
        }
        #expect(consumed == Array(1..<consumed.count + 1) && consumed.count < 10)
    }

    @Test func nothingIsNothing() async throws {
        try await forEachInOrder(limit: 2) {
            Int?.none
        } work: {
            $0
        } consume: { _ in
            Issue.record("a result of no element")
        }
    }
}
