import GodwitModel
import Streams

/// Lines that must all be stored, gathered from many tasks and streamed to one consumer in bounded memory.
///
/// Unlike ``RunLog`` nothing is ever dropped: who adds a line waits while the store is behind.
final class OutcomeLog: Sendable {
    private let text = GatheredText(limit: 1 << 20)

    /// Adds a line. After ``finish()`` it does nothing.
    func append(_ line: JSONValue) async { await text.append(line.serialized() + [0x0A]) }

    /// Ends the text, and lets everybody who waits go on.
    func finish() { text.finish() }

    /// The text; for one consumer.
    var stream: ByteStream { text.stream }
}
