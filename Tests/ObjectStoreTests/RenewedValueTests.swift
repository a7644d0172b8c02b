import Foundation
import Synchronization
import Testing

@testable import CloudStorage

@Suite struct RenewedValueTests {
    /// Who is cancelled does not wait for a service that takes its time; the others get what it gives, asked once.
    @Test func whoIsCancelledWaitsNoLonger() async throws {
        let gate = MeetingPoint(.max)
        let fetches = Mutex(0)
        let isOpen = Mutex(false)
        let renewed = RenewedValue<Int>(end: { _ in nil }) {
            fetches.withLock { $0 += 1 }
            await gate.pass()
            return 7
        }
        // Opens the gate in the end even where cancellation does nothing.
        let safety = Task {
            try await Task.sleep(for: .seconds(300))
            isOpen.withLock { $0 = true }
            await gate.open()
        }
        let patient = Task { try await renewed.value() }
        let hasty = Task { try await renewed.value() }
        while fetches.withLock({ $0 }) == 0 { await Task.yield() }
        hasty.cancel()
        await #expect(throws: CancellationError.self) { try await hasty.value }
        #expect(!isOpen.withLock { $0 })
        await #expect(throws: CancellationError.self) {
            try await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await renewed.value()
            }.value
        }
        safety.cancel()
        await gate.open()
        #expect(try await patient.value == 7)
        #expect(try await renewed.value() == 7)
        #expect(fetches.withLock { $0 } == 1)
    }

    /// What a fetch throws, all who wait for it are told; the next who asks begins another.
    @Test func aFailureIsEverybodysAndPasses() async throws {
        let gate = MeetingPoint(.max)
        let fetches = Mutex(0)
        let renewed = RenewedValue<Int>(end: { _ in nil }) {
            let number = fetches.withLock { number in
                number += 1
                return number
            }
            await gate.pass()
            if number == 1 { throw CredentialsError("as the test asked") }
            return number
        }
        let waiters = (0..<5).map { _ in Task { try await renewed.value() } }
        while fetches.withLock({ $0 }) == 0 { await Task.yield() }
        await gate.open()
        var failures = 0
        for waiter in waiters {
            // One that came only after the failure began a fetch of its own.
            do {
                let value = try await waiter.value
                #expect(value == 2)
            } catch is CredentialsError {
                failures += 1
            }
        }
        #expect(failures >= 1)
        #expect(try await renewed.value() == 2)
    }
}
