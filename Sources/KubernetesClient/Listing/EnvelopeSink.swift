/// Why a stream of JSON could not be cut into objects.
enum EnvelopeError: Error, Hashable {
    /// The text breaks the grammar, `offset` bytes after the beginning of the stream.
    case malformed(String, offset: Int)
    /// One value is larger than the limit in bytes.
    case tooLarge(limit: Int)
}

/// The members of an envelope that are handed over whole.
enum EnvelopeMember: Sendable, Hashable {
    case apiVersion, kind, metadata, type, object
}

/// Where in an item's text the values of interest are.
struct ItemLayout: Sendable, Hashable {
    var apiVersion: Range<Int>?
    var kind: Range<Int>?
    var metadata: Range<Int>?
}

/// Takes what an ``EnvelopeScanner`` cuts out. Text comes in two parts, the first of which is empty unless the value
/// began in an earlier piece; neither part may be kept.
protocol EnvelopeSink {
    /// A member of the envelope.
    mutating func member(
        _ member: EnvelopeMember, _ head: UnsafeBufferPointer<UInt8>, _ tail: UnsafeBufferPointer<UInt8>
    ) throws(EnvelopeError)
    /// An element of `items`.
    mutating func item(
        _ head: UnsafeBufferPointer<UInt8>, _ tail: UnsafeBufferPointer<UInt8>, layout: ItemLayout
    ) throws(EnvelopeError)
    /// The envelope is complete.
    mutating func envelopeEnded() throws(EnvelopeError)
}
