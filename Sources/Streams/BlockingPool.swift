import Foundation
import Synchronization

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

    /// Makes blocking calls on the threads, several at once, and blocks until all have given their value: for threads
    /// that may block themselves, and that are not of this pool.
    public func map<Element: Sendable, Value: Sendable>(
        _ elements: [Element], _ work: @escaping @Sendable (Element) -> Value
    ) -> [Value] {
        let values = Values<Value>(count: elements.count)
        let done = DispatchGroup()
        for (index, element) in elements.enumerated() {
            done.enter()
            queue.add {
                values.set(index, work(element))
                done.leave()
            }
        }
        done.wait()
        return values.all
    }
}

/// Values that come from several threads.
private final class Values<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }

    func set(_ index: Int, _ value: Value) { values.withLock { $0[index] = value } }

    var all: [Value] { values.withLock { $0.compactMap(\.self) } }
}
