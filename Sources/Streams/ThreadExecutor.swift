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
            // A name takes effect only on the thread itself.
            Thread.current.name = name
            while let job = queue.next() { job() }
        }
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
        var jobs = Queue<@Sendable () -> Void>()
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    func add(_ job: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs.append(job) }
        available.signal()
    }

    /// Lets the threads end once the jobs that wait are done.
    func close() { available.signal() }

    /// Waits for a job; nil once the queue is closed and empty.
    func next() -> (@Sendable () -> Void)? {
        available.wait()
        if let job = state.withLock({ $0.jobs.popFirst() }) { return job }
        // There is a signal for each job, so an empty queue means the closing, which every thread must see.
        available.signal()
        return nil
    }
}
