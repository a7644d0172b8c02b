/// A number of places that tasks take and give back; who finds none waits, the first to come first.
public final class Slots: Sendable {
    private let free: WaitedState<Int>

    /// So many places, at least one.
    public init(_ count: Int) { free = WaitedState(max(1, count)) }

    /// Takes a place.
    ///
    /// - Throws: `CancellationError`; then no place is taken.
    public func take() async throws {
        try await free.wait { free -> Void? in
            guard free > 0 else { return nil }
            free -= 1
            return ()
        }
    }

    /// Gives a place back.
    public func give() { free.change { $0 += 1 } }

    /// Holds a place while a function runs.
    public func withPlace<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await take()
        defer { give() }
        return try await body()
    }

    /// Waits until there is a place, and takes none.
    public func wait() async throws { try await free.wait { free -> Void? in free > 0 ? () : nil } }
}
