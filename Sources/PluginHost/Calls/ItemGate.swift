import Streams

/// Whose turn it is to ask a program about items: several may at the same time, so many that a program is not overrun,
/// or one has it for itself. The first to come goes first.
struct ItemGate: Sendable {
    /// How one asks.
    enum Turn: Int, Sendable {
        /// About one item: 48 at the same time.
        case item = 1
        /// About many items in a call: 3 at the same time.
        case batch = 16
        /// About one item while nothing else is asked, so that who dies of it is known.
        case alone = 48
    }

    private let places = Slots(Turn.alone.rawValue)

    /// Asks when it is one's turn.
    ///
    /// - Throws: `CancellationError`, and what the body throws.
    func during<Answer>(_ turn: Turn, _ body: () async throws -> Answer) async throws -> Answer {
        try await places.withPlaces(turn.rawValue, body)
    }
}
