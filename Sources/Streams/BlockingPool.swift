import Foundation

/// A few threads for blocking calls that belong to no actor of their own.
public final class BlockingPool: Sendable {
    /// The process's pool.
    public static let shared = BlockingPool(threads: max(4, ProcessInfo.processInfo.activeProcessorCount))

    private let queue = JobQueue()

    /// Starts the threads.
    public init(threads: Int) {
        for index in 0..<threads {
            let thread = Thread { [queue] in
                Thread.current.name = "blocking-\(index)"
                while let job = queue.next() { job() }
            }
            thread.start()
        }
    }

    deinit { queue.close() }

    /// Runs a blocking call on one of the threads and waits for it without holding a thread of the cooperative pool.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.add { continuation.resume(with: Result { try work() }) }
        }
    }
}
