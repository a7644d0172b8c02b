import Foundation
import Synchronization

/// A thread of its own for an actor whose work blocks: file I/O, compression, hashing, C libraries.
///
/// An actor that names this as its executor keeps such work off Swift's cooperative pool. The thread ends when the
/// executor is released.
public final class ThreadExecutor: SerialExecutor {
    private let queue: JobQueue

    /// Starts the thread.
    public init(name: String) {
        let queue = JobQueue()
        self.queue = queue
        let thread = Thread {
            while let job = queue.next() { job() }
        }
        thread.name = name
        thread.start()
    }

    deinit { queue.close() }

    /// Runs a job on the thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        // The closure keeps the executor, so its thread cannot end with a job still queued.
        queue.add { [self] in withExtendedLifetime(self) { job.runSynchronously(on: executor) } }
    }
}

/// What the threads of an executor wait on.
final class JobQueue: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    func add(_ job: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs.append(job) }
        available.signal()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        available.signal()
    }

    /// Waits for a job; nil once the queue is closed and empty.
    func next() -> (@Sendable () -> Void)? {
        available.wait()
        return state.withLock { state in
            guard state.head < state.jobs.count else {
                // Every thread that waits must see the closing.
                available.signal()
                return nil
            }
            let job = state.jobs[state.head]
            state.head += 1
            if state.head == state.jobs.count {
                state.jobs.removeAll(keepingCapacity: true)
                state.head = 0
            }
            return job
        }
    }
}
