import GodwitModel

/// One watch event as it came.
struct RawWatchEvent: Sendable {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
    let type: String
    /// The object's text.
    let object: [UInt8]
}

/// Cuts a watch's answer into events as its bytes arrive.
struct WatchScanner {
    private var scanner: EnvelopeScanner
    private var sink = Sink()

    init(limit: Int = ListPageScanner.maximumItemSize) { scanner = EnvelopeScanner(limit: limit) }

    /// Scans a piece and gives the events that it completes.
    mutating func scan(_ piece: [UInt8]) throws(EnvelopeError) -> [RawWatchEvent] {
        try scanner.scan(piece, into: &sink)
        let events = sink.events
        sink.events.removeAll()
        return events
    }

    private struct Sink: EnvelopeSink {
        var events: [RawWatchEvent] = []
        private var type: String?
        private var object: [UInt8]?

        mutating func member(
            _ member: EnvelopeMember, _ head: UnsafeBufferPointer<UInt8>, _ tail: UnsafeBufferPointer<UInt8>
        ) throws(EnvelopeError) {
            switch member {
            case .type: type = (try? JSONValue(parsing: Array(head) + Array(tail)))?.string
            case .object: object = Array(head) + Array(tail)
            case .apiVersion, .kind, .metadata: return
            }
        }

        mutating func item(
            _ head: UnsafeBufferPointer<UInt8>, _ tail: UnsafeBufferPointer<UInt8>, layout: ItemLayout
        ) throws(EnvelopeError) {
            throw .malformed("a list instead of an event", offset: 0)
        }

        mutating func envelopeEnded() throws(EnvelopeError) {
            guard let type, let object else { throw .malformed("an event without type or object", offset: 0) }
            events.append(RawWatchEvent(type: type, object: object))
            self.type = nil
            self.object = nil
        }
    }
}
