import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Streams
import Testing

@testable import GodwitEngine

struct OutcomeLogTests {
    @Test(.timeLimit(.minutes(10)))
    func nothingIsLostAndMemoryIsBounded() async throws {
        let log = OutcomeLog()
        let reader = Task {
            var lines = 0
            var largest = 0
            for try await piece in log.stream {
                largest = max(largest, piece.count)
                lines += piece.count { $0 == 0x0A }
                await Task.yield()
            }
            return (lines, largest)
        }
        await withTaskGroup(of: Void.self) { tasks in
            for writer in 0..<16 {
                tasks.addTask {
                    for line in 0..<2000 {
                        await log.append([
                            "w": .integer(Int64(writer)), "l": .integer(Int64(line)), "x": "yyyyyyyyyyyyyy",
                        ])
                    }
                }
            }
        }
        log.finish()
        let (lines, largest) = try await reader.value
        #expect(lines == 32_000)
        #expect(largest < (1 << 20) + 32 * 1024)
    }

    @Test(.timeLimit(.minutes(10)))
    func nobodyWaitsForAReaderThatIsGone() async throws {
        let log = OutcomeLog()
        let writer = Task {
            for _ in 0..<40 { await log.append(["x": .string(String(repeating: "y", count: 100_000))]) }
        }
        try await Task.sleep(for: .milliseconds(20))
        log.finish()
        await writer.value
    }
}
