import Streams
import Testing

@Suite struct PollingTests {
    private struct Passing: RetryableError {
        var isRetryable = true
    }

    private let quick = Polling(timeout: .seconds(60), firstPause: .milliseconds(1), longestPause: .milliseconds(1))

    @Test func asksUntilThereIsAnAnswer() async throws {
        var asked = 0
        let answer = try await quick.answer {
            asked += 1
            return asked == 3 ? "yes" : nil
        }
        #expect(answer == "yes")
        #expect(asked == 3)
    }

    /// Who is out of reach for a while is asked again, each time that it happens.
    @Test func anOutageIsRiddenOut() async throws {
        var asked = 0
        let isReached = try await quick.until {
            asked += 1
            guard asked % 5 == 0 else { throw Passing() }
            return asked == 15
        }
        #expect(isReached)
    }

    @Test func whatIsNoOutageIsTheEnd() async throws {
        for error in [Passing(isRetryable: false) as any Error, CancellationError()] {
            var asked = 0
            await #expect(throws: (any Error).self) {
                try await quick.until {
                    asked += 1
                    throw error
                }
            }
            #expect(asked == 1)
        }
    }

    @Test func anOutageThatLastsIsAnError() async throws {
        let polling = Polling(
            timeout: .seconds(600), firstPause: .milliseconds(1), longestPause: .milliseconds(1),
            outage: .milliseconds(20))
        var asked = 0
        await #expect(throws: Passing.self) {
            try await polling.until {
                asked += 1
                throw Passing()
            }
        }
        #expect(asked > 1)
    }

    /// It is asked once, however short the time, and what was wrong in the end is told.
    @Test func theTimeEnds() async throws {
        let polling = Polling(timeout: .zero)
        #expect(try await !polling.until { false })
        #expect(try await polling.until { true })
        await #expect(throws: Passing.self) { try await polling.until { throw Passing() } }
    }

    @Test func aCancelledWaitEnds() async throws {
        let task = Task { try await Polling(timeout: .seconds(600)).until { throw Passing() } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
