import Streams
import Synchronization

/// Work that fills a channel beside its consumer. It begins when the first element is asked for and is cancelled
/// when the consumer has gone.
final class BackgroundProducer<Element: Sendable>: Sendable {
    private let channel: BoundedChannel<Element>
    private let work: @Sendable () async -> Void
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// - Parameter work: fills the channel and ends it; it must not keep the producer.
    init(_ channel: BoundedChannel<Element>, _ work: @escaping @Sendable () async -> Void) {
        self.channel = channel
        self.work = work
    }

    deinit {
        channel.abandon()
        task.withLock { $0?.cancel() }
    }

    /// The channel's next element.
    func next() async throws -> Element? {
        task.withLock { task in
            if task == nil { task = Task { [work] in await work() } }
        }
        return try await channel.next()
    }
}
