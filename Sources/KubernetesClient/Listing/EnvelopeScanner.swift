import GodwitModel

/// Cuts JSON envelopes (a Kubernetes list, or a sequence of watch events) into the raw text of the objects inside,
/// as the bytes arrive, without building a tree and without holding more than one object.
///
/// The scanner stops and goes on at any byte. It checks the whole grammar of JSON, so that what it cuts out is one
/// object and nothing else, whoever wrote it. It does not look for keys that stand twice nor for invalid UTF-8.
struct EnvelopeScanner {
    private enum Mode {
        /// Between envelopes.
        case start
        /// After `{`: a key or `}`. After a comma only a key.
        case keyOrEnd, key
        case keyText, colon, value, afterValue
        /// In `items`, after `[`: an element or `]`. After a comma only an element.
        case elementOrEnd, element, afterElement
        case string, scalar, nested, nestedString, nestedScalar
    }

    private let limit: Int
    private var mode = Mode.start
    /// Whether the members that are read now are an item's, and not the envelope's.
    private var isInItem = false
    /// What is missing of an escape in a string.
    private var escape = JSONStringEscape()
    private var scalar = JSONScalarCheck()
    private var grammar = JSONGrammar()
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
                if try skipString(base, &position, count) { mode = .nested }
            case .string:
                if try skipString(base, &position, count) { try endValue(base, position, into: &sink) }
            case .keyText: try scanKey(base, &position, count)
            case .scalar:
                if try skipScalar(base, &position, count) { try endValue(base, position, into: &sink) }
            case .nestedScalar:
                if try skipScalar(base, &position, count) { mode = .nested }
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
        case .keyText, .string, .scalar, .nested, .nestedString, .nestedScalar: break
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
            grammar.begin(byte)
            mode = .nested
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ":"):
            throw malformed("a value is missing", position)
        default:
            scalar = JSONScalarCheck()
            mode = .scalar
        }
    }

    /// `position` is behind the value's last byte.
    private mutating func endValue<Sink: EnvelopeSink>(
        _ base: UnsafePointer<UInt8>, _ position: Int, into sink: inout Sink
    ) throws(EnvelopeError) {
        mode = .afterValue
        if isInItem {
            let range = valueStart..<captureLength(position)
            // Of two, each reader would believe another one.
            var isSecond = false
            if key == .metadata {
                isSecond = layout.metadata.replace(with: range)
            } else if key == .kind {
                isSecond = layout.kind.replace(with: range)
            } else if key == .apiVersion {
                isSecond = layout.apiVersion.replace(with: range)
            }
            guard !isSecond else { throw malformed("a member that stands twice in an item", position) }
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
        // A copy, so that the compiler keeps it in registers.
        var grammar = grammar
        defer { self.grammar = grammar }
        while index < count {
            guard let step = grammar.take(base[index]) else { throw malformed("not JSON, or nested too deeply", index) }
            switch step {
            case .goOn: index += 1
            case .string:
                index += 1
                guard try skipString(base, &index, count) else {
                    position = index
                    mode = .nestedString
                    return
                }
            case .scalar:
                scalar = JSONScalarCheck()
                guard try skipScalar(base, &index, count) else {
                    position = index
                    mode = .nestedScalar
                    return
                }
            case .end:
                position = index + 1
                return try endValue(base, position, into: &sink)
            }
        }
        position = index
    }

    /// Goes to behind the closing quote and answers true, or to the end of the piece and answers false.
    private mutating func skipString(
        _ base: UnsafePointer<UInt8>, _ position: inout Int, _ count: Int
    ) throws(EnvelopeError) -> Bool {
        while true {
            while escape.isOpen {
                guard position < count else { return false }
                guard escape.take(base[position]) else { throw malformed("not an escape", position) }
                position += 1
            }
            position = JSONBytes.special(in: UnsafeBufferPointer(start: base, count: count), from: position)
            guard position < count else { return false }
            let byte = base[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return true }
            guard byte == UInt8(ascii: "\\") else { throw malformed("a control character in a string", position - 1) }
            escape.begin()
        }
    }

    private mutating func scanKey(
        _ base: UnsafePointer<UInt8>, _ position: inout Int, _ count: Int
    ) throws(EnvelopeError) {
        while position < count {
            let byte = base[position]
            if escape.isOpen {
                guard escape.take(byte) else { throw malformed("not an escape", position) }
            } else if byte == UInt8(ascii: "\"") {
                position += 1
                mode = .colon
                return
            } else if byte == UInt8(ascii: "\\") {
                escape.begin()
            } else if byte < 0x20 {
                throw malformed("a control character in a key", position)
            }
            position += 1
            key.append(byte)
        }
    }

    /// Goes to the byte that ends the scalar and answers true, or to the end of the piece and answers false.
    private mutating func skipScalar(
        _ base: UnsafePointer<UInt8>, _ position: inout Int, _ count: Int
    ) throws(EnvelopeError) -> Bool {
        while position < count {
            let byte = base[position]
            if JSONScalarCheck.isEnd(byte) {
                guard scalar.isComplete else { throw malformed("not a value", position) }
                return true
            }
            scalar.take(byte)
            position += 1
        }
        return false
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}

extension Range<Int>? {
    /// Sets the range, and answers whether there was one before.
    fileprivate mutating func replace(with range: Range<Int>) -> Bool {
        defer { self = range }
        return self != nil
    }
}
