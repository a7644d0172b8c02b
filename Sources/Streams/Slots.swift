/// A number of places that tasks take and give back, one or several at a time; who does not find enough waits. Nobody is
/// overtaken, so that who needs many gets them in the end.
public final class Slots: Sendable {
    private let free: WaitedState<Int>
    private let count: Int

    /// So many places, at least one.
    public init(_ count: Int) {
        self.count = max(1, count)
        free = WaitedState(self.count, isQueue: true)
    }

    /// Takes places.
    ///
    /// - Parameter places: how many; of more than there are, all.
    /// - Throws: `CancellationError`; then no place is taken.
    public func take(_ places: Int = 1) async throws {
        let places = min(places, count)
        try await free.wait { free -> Void? in
            guard free >= places else { return nil }
            free -= places
            return ()
        }
    }

    /// Gives places back, as many as were taken.
    public func give(_ places: Int = 1) {
        let places = min(places, count)
        free.change { $0 += places }
    }

    /// Holds places while a function runs.
    public func withPlaces<Value>(_ places: Int, _ body: () async throws -> Value) async throws -> Value {
        try await take(places)
        defer { give(places) }
        return try await body()
    }

    /// Holds a place while a function runs.
    public func withPlace<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await withPlaces(1, body)
    }

    /// How many wait for places at the moment.
    var waiting: Int { free.waiting }

    /// Waits until there is a place, and takes none.
    public func wait() async throws { try await free.wait { free -> Void? in free > 0 ? () : nil } }
}
