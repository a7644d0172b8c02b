import Synchronization

/// A position in a range that moves on as pieces of it are taken.
final class Cursor: Sendable {
    private let rest: Mutex<Range<Int64>>

    init(_ range: Range<Int64>) { rest = Mutex(range) }

    /// The next piece; empty at the end.
    func take(upTo size: Int) -> Range<Int64> {
        rest.withLock { rest in
            let piece = rest.lowerBound..<min(rest.upperBound, rest.lowerBound + Int64(size))
            rest = piece.upperBound..<rest.upperBound
            return piece
        }
    }
}
