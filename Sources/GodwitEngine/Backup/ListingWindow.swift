import GodwitModel
import KubernetesClient
import Synchronization

/// The listings of a backup, a few of them begun ahead of time: each is asked for its first batch before its turn, and
/// holds back what the server sends until then.
final class ListingWindow: Sendable {
    /// One listing of one step.
    struct Listing: Sendable {
        let resource: APIResource
        let namespace: String?
        let options: ListOptions
    }

    private struct Begun {
        let stream: ItemStream
        let first: Task<[Item]?, any Error>
    }

    private struct State {
        var begun: [Begun] = []
        var next = 0
    }

    private let cluster: any Cluster
    private let listings: [Listing]
    private let width: Int
    private let state = Mutex(State())

    init(_ listings: [Listing], cluster: any Cluster, width: Int = 4) {
        self.listings = listings
        self.cluster = cluster
        self.width = width
    }

    deinit { cancel() }

    /// Asks for the first listings, so that the source works on them while the caller still prepares.
    func begin() {
        state.withLock { begin(&$0) }
    }

    private func begin(_ state: inout State) {
        while state.begun.count < width, state.next < listings.count {
            let listing = listings[state.next]
            state.next += 1
            let stream = cluster.list(listing.resource, namespace: listing.namespace, options: listing.options)
            let first = Task {
                var iterator = stream.makeAsyncIterator()
                return try await iterator.next()
            }
            state.begun.append(Begun(stream: stream, first: first))
        }
    }

    /// The next listing, which must be the one that was given next; its batches come in order.
    func next() -> ItemStream? {
        let begun: Begun? = state.withLock { state in
            begin(&state)
            return state.begun.isEmpty ? nil : state.begun.removeFirst()
        }
        guard let begun else { return nil }
        let isFirst = Mutex(true)
        return ItemStream {
            if isFirst.withLock({ first in
                defer { first = false }
                return first
            }) {
                return try await withTaskCancellationHandler {
                    try await begun.first.value
                } onCancel: {
                    begun.first.cancel()
                }
            }
            var iterator = begun.stream.makeAsyncIterator()
            return try await iterator.next()
        }
    }

    /// Ends the listings that were begun ahead.
    func cancel() {
        let begun = state.withLock { state in
            defer { state.begun = [] }
            return state.begun
        }
        for listing in begun { listing.first.cancel() }
    }
}
