@testable import Streams
import Synchronization
import Testing

@Suite struct SlotsTests {
    /// Tasks that want places note when they have them, one started after the other.
    private final class Line: Sendable {
        let slots: Slots
        private let served = Mutex<[String]>([])
        var names: [String] { served.withLock { $0 } }

        init(_ count: Int) { slots = Slots(count) }

        /// Lets the tasks that were started come to where they wait.
        func settle(_ count: Int) async throws {
            while slots.waiting < count { try await Task.sleep(for: .milliseconds(1)) }
        }

        func join(_ name: String, _ places: Int) -> Task<Void, any Error> {
            Task {
                try await slots.take(places)
                served.withLock { $0.append(name) }
            }
        }
    }

    /// Counts who is there at the same time.
    private final class Room: Sendable {
        private let inside = Mutex((few: 0, all: 0, faults: 0))
        var faults: Int { inside.withLock { $0.faults } }

        func enter(isAlone: Bool) {
            inside.withLock { inside in
                if isAlone { inside.all += 1 } else { inside.few += 1 }
                let isRight = isAlone ? inside.all == 1 && inside.few == 0 : inside.all == 0 && inside.few <= 8
                if !isRight { inside.faults += 1 }
            }
        }

        func leave(isAlone: Bool) {
            inside.withLock { if isAlone { $0.all -= 1 } else { $0.few -= 1 } }
        }
    }

    @Test func nobodyIsOvertaken() async throws {
        let line = Line(4)
        try await line.slots.take(2)
        let many = line.join("all", 4)
        try await line.settle(1)
        let few = line.join("one", 1)
        try await line.settle(2)
        #expect(line.names == [], "there is a place for one, who came later")
        line.slots.give(2)
        try await many.value
        #expect(line.names == ["all"])
        line.slots.give(4)
        try await few.value
        #expect(line.names == ["all", "one"])
    }

    /// More than there are is all there are, so that nobody waits for ever.
    @Test func oneWhoTakesAllIsAlone() async throws {
        let slots = Slots(8)
        let room = Room()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                let isAlone = number % 7 == 0
                group.addTask {
                    try await slots.withPlaces(isAlone ? 100 : 1 + number % 3) {
                        room.enter(isAlone: isAlone)
                        await Task.yield()
                        room.leave(isAlone: isAlone)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(room.faults == 0)
        try await slots.take(8)
    }

    /// Who leaves takes no place along, and lets those behind it go on.
    @Test func oneWhoIsCancelledLeavesNothingBehind() async throws {
        let line = Line(4)
        try await line.slots.take(2)
        let many = line.join("all", 4)
        try await line.settle(1)
        let few = line.join("two", 2)
        try await line.settle(2)
        many.cancel()
        await #expect(throws: CancellationError.self) { try await many.value }
        try await few.value
        line.slots.give(4)
        try await line.slots.take(4)
        #expect(line.names == ["two"])
    }

    /// Cancellations meet tasks in all states; in the end all places are there.
    @Test func cancellationsAtAnyTimeLoseNoPlace() async throws {
        let slots = Slots(5)
        for round in 0..<200 {
            let tasks = (0..<10).map { number in
                Task {
                    try await slots.withPlaces(1 + (round + number) % 5) { await Task.yield() }
                }
            }
            for task in tasks.indices where (task + round) % 2 == 0 { tasks[task].cancel() }
            for task in tasks { _ = await task.result }
        }
        try await slots.take(5)
    }
}
