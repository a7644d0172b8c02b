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

/// Cuts JSON envelopes (a Kubernetes list, or a sequence of watch events) into the raw text of the objects inside,
/// as the bytes arrive, without building a tree and without holding more than one object.
///
/// The scanner stops and goes on at any byte. It checks the grammar of the envelope and of an item's own members;
/// deeper inside it only matches brackets, because whoever decodes an object checks the rest.
struct EnvelopeScanner {
    /// Deeper nesting than this is refused.
    static let maximumDepth = 512

    private enum Mode {
        /// Between envelopes.
        case start
        /// After `{`: a key or `}`. After a comma only a key.
        case keyOrEnd, key
        case keyText, colon, value, afterValue
        /// In `items`, after `[`: an element or `]`. After a comma only an element.
        case elementOrEnd, element, afterElement
        case string, scalar, nested, nestedString
    }

    private let limit: Int
    private var mode = Mode.start
    /// Whether the members that are read now are an item's, and not the envelope's.
    private var isInItem = false
    /// Whether the byte before was a backslash that escapes the next one.
    private var isEscaped = false
    private var depth = 0
    private var key = PackedKey()
    private var seenItems = false
    /// The text that is being cut out: what came with earlier pieces, and where it goes on in this one.
    private var pending: [UInt8] = []
    private var captureStart: Int?
    private var layout = ItemLayout()
    /// Where the value of an item's member begins, counted from the item's first byte.
    private var valueStart = 0
    /// Bytes in earlier pieces, for messages.
    private var consumed = 0

    /// - Parameter limit: the most bytes that one item or member may have.
    init(limit: Int) { self.limit = limit }

    /// Whether the stream may end here.
    var isBetweenEnvelopes: Bool { mode == .start }

    /// Scans a piece.
    mutating func scan<Sink: EnvelopeSink>(_ piece: [UInt8], into sink: inout Sink) throws(EnvelopeError) {
        try piece.withUnsafeBufferPointer { bytes throws(EnvelopeError) in
            guard let base = bytes.baseAddress else { return }
            try run(base, bytes.count, into: &sink)
        }
    }

    private mutating func run<Sink: EnvelopeSink>(
        _ base: UnsafePointer<UInt8>, _ count: Int, into sink: inout Sink
    ) throws(EnvelopeError) {
        var position = 0
        if captureStart != nil { captureStart = 0 }
        while position < count {
            switch mode {
            case .nested: try scanNested(base, &position, count, into: &sink)
            case .nestedString:
                if skipString(base, &position, count) { mode = .nested }
            case .string:
                if skipString(base, &position, count) { try endValue(base, position, into: &sink) }
            case .keyText: scanKey(base, &position, count)
            case .scalar: try scanScalar(base, &position, count, into: &sink)
            default:
                let byte = base[position]
                if Self.isSpace(byte) {
                    position += 1
                } else {
                    try structural(byte, base, &position, into: &sink)
                }
            }
        }
        try keepRest(base, count)
        consumed += count
    }

    /// Saves what the next piece will continue.
    private mutating func keepRest(_ base: UnsafePointer<UInt8>, _ count: Int) throws(EnvelopeError) {
        guard let start = captureStart else { return }
        guard pending.count + count - start <= limit else { throw .tooLarge(limit: limit) }
        pending.append(contentsOf: UnsafeBufferPointer(start: base + start, count: count - start))
    }

    // MARK: structure

    private mutating func structural<Sink: EnvelopeSink>(
        _ byte: UInt8, _ base: UnsafePointer<UInt8>, _ position: inout Int, into sink: inout Sink
    ) throws(EnvelopeError) {
        switch mode {
        case .start:
            guard byte == UInt8(ascii: "{") else { throw malformed("expected an object", position) }
            seenItems = false
            mode = .keyOrEnd
        case .keyOrEnd, .key:
            if byte == UInt8(ascii: "\"") {
                key = PackedKey()
                mode = .keyText
            } else if byte == UInt8(ascii: "}"), mode == .keyOrEnd {
                try endObject(base, position, into: &sink)
            } else {
                throw malformed("expected a key", position)
            }
        case .colon:
            guard byte == UInt8(ascii: ":") else { throw malformed("expected ':'", position) }
            mode = .value
        case .value: try beginValue(byte, position)
        case .afterValue:
            if byte == UInt8(ascii: ",") {
                mode = .key
            } else if byte == UInt8(ascii: "}") {
                try endObject(base, position, into: &sink)
            } else {
                throw malformed("expected ',' or '}'", position)
            }
        case .elementOrEnd, .element:
            if byte == UInt8(ascii: "]"), mode == .elementOrEnd {
                mode = .afterValue
            } else {
                guard byte == UInt8(ascii: "{") else { throw malformed("expected an object in 'items'", position) }
                beginCapture(position)
                layout = ItemLayout()
                isInItem = true
                mode = .keyOrEnd
            }
        case .afterElement:
            if byte == UInt8(ascii: ",") {
                mode = .element
            } else if byte == UInt8(ascii: "]") {
                mode = .afterValue
            } else {
                throw malformed("expected ',' or ']'", position)
            }
        case .keyText, .string, .scalar, .nested, .nestedString: break
        }
        // A scalar's first byte belongs to its text.
        if mode != .scalar { position += 1 }
    }

    private mutating func beginValue(_ byte: UInt8, _ position: Int) throws(EnvelopeError) {
        if isInItem {
            valueStart = captureLength(position)
        } else if key == .items {
            guard !seenItems else { throw malformed("'items' twice", position) }
            seenItems = true
            if byte == UInt8(ascii: "[") {
                mode = .elementOrEnd
                return
            }
        } else if key.member != nil {
            beginCapture(position)
        }
        switch byte {
        case UInt8(ascii: "\""): mode = .string
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth = 1
            mode = .nested
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ":"):
            throw malformed("a value is missing", position)
        default: mode = .scalar
        }
    }

    /// `position` is behind the value's last byte.
    private mutating func endValue<Sink: EnvelopeSink>(
        _ base: UnsafePointer<UInt8>, _ position: Int, into sink: inout Sink
    ) throws(EnvelopeError) {
        mode = .afterValue
        if isInItem {
            let range = valueStart..<captureLength(position)
            if key == .metadata {
                layout.metadata = range
            } else if key == .kind {
                layout.kind = range
            } else if key == .apiVersion {
                layout.apiVersion = range
            }
        } else if let member = key.member, let start = captureStart {
            try checkSize(position)
            let tail = UnsafeBufferPointer(start: base + start, count: position - start)
            captureStart = nil
            try pending.withUnsafeBufferPointer { head throws(EnvelopeError) in
                try sink.member(member, head, tail)
            }
            pending.removeAll(keepingCapacity: true)
        }
    }

    /// `position` is at the `}`.
    private mutating func endObject<Sink: EnvelopeSink>(
        _ base: UnsafePointer<UInt8>, _ position: Int, into sink: inout Sink
    ) throws(EnvelopeError) {
        guard isInItem, let start = captureStart else {
            mode = .start
            return try sink.envelopeEnded()
        }
        try checkSize(position + 1)
        isInItem = false
        mode = .afterElement
        captureStart = nil
        let tail = UnsafeBufferPointer(start: base + start, count: position + 1 - start)
        let layout = layout
        try pending.withUnsafeBufferPointer { head throws(EnvelopeError) in
            try sink.item(head, tail, layout: layout)
        }
        pending.removeAll(keepingCapacity: pending.capacity <= 1 << 20)
    }

    private mutating func beginCapture(_ position: Int) {
        pending.removeAll(keepingCapacity: true)
        captureStart = position
    }

    private func captureLength(_ position: Int) -> Int { pending.count + position - (captureStart ?? position) }

    private func checkSize(_ position: Int) throws(EnvelopeError) {
        guard captureLength(position) <= limit else { throw .tooLarge(limit: limit) }
    }

    private func malformed(_ reason: String, _ position: Int) -> EnvelopeError {
        .malformed(reason, offset: consumed + position)
    }

    // MARK: the fast part

    private mutating func scanNested<Sink: EnvelopeSink>(
        _ base: UnsafePointer<UInt8>, _ position: inout Int, _ count: Int, into sink: inout Sink
    ) throws(EnvelopeError) {
        var index = position
        var level = depth
        while index < count {
            let byte = base[index]
            index += 1
            if byte == UInt8(ascii: "\"") {
                if !skipString(base, &index, count) {
                    mode = .nestedString
                    break
                }
            } else if byte | 0x20 == UInt8(ascii: "{") {
                // { and [ differ in one bit, as do } and ].
                level += 1
                guard level <= Self.maximumDepth else { throw malformed("nested too deeply", index) }
            } else if byte | 0x20 == UInt8(ascii: "}") {
                level -= 1
                if level == 0 {
                    position = index
                    return try endValue(base, index, into: &sink)
                }
            }
        }
        depth = level
        position = index
    }

    /// Goes to behind the closing quote and answers true, or to the end of the piece and answers false.
    private mutating func skipString(_ base: UnsafePointer<UInt8>, _ position: inout Int, _ count: Int) -> Bool {
        if isEscaped {
            isEscaped = false
            position += 1
        }
        while true {
            position = ByteSearch.quoteOrBackslash(base, position, count)
            guard position < count else { return false }
            if base[position] == UInt8(ascii: "\"") {
                position += 1
                return true
            }
            if position + 1 == count {
                isEscaped = true
                position = count
                return false
            }
            position += 2
        }
    }

    private mutating func scanKey(_ base: UnsafePointer<UInt8>, _ position: inout Int, _ count: Int) {
        while position < count {
            let byte = base[position]
            position += 1
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                mode = .colon
                return
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            }
            key.append(byte)
        }
    }

    /// Ends before the byte that ends the scalar.
    private mutating func scanScalar<Sink: EnvelopeSink>(
        _ base: UnsafePointer<UInt8>, _ position: inout Int, _ count: Int, into sink: inout Sink
    ) throws(EnvelopeError) {
        while position < count {
            switch base[position] {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09:
                return try endValue(base, position, into: &sink)
            case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"):
                throw malformed("not a value", position)
            default: position += 1
            }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}

/// The first sixteen bytes of a key and its length, so that keys compare without memory of their own, wherever the
/// text was split.
struct PackedKey: Hashable {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var length = 0

    init() {}

    private init(_ text: StaticString) {
        self.init()
        for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
    }

    mutating func append(_ byte: UInt8) {
        if length < 8 {
            first = first << 8 | UInt64(byte)
        } else if length < 16 {
            second = second << 8 | UInt64(byte)
        }
        length += 1
    }

    static let items = PackedKey("items")
    static let apiVersion = PackedKey("apiVersion")
    static let kind = PackedKey("kind")
    static let metadata = PackedKey("metadata")
    static let type = PackedKey("type")
    static let object = PackedKey("object")

    /// The member of an envelope with this name.
    var member: EnvelopeMember? {
        switch self {
        case .apiVersion: .apiVersion
        case .kind: .kind
        case .metadata: .metadata
        case .type: .type
        case .object: .object
        default: nil
        }
    }
}
