import GodwitModel

/// Cuts one page of a LIST into items as its bytes arrive.
///
/// Items of typed lists come without `apiVersion` and `kind`; both are put in front, from the list's own (its kind
/// without `List`) or, where these stand behind the items, from the resource that was asked for. All other bytes of
/// an item stay as they came.
struct ListPageScanner {
    /// The most bytes that an item may have.
    static let maximumItemSize = 64 << 20

    private var scanner: EnvelopeScanner
    private var sink: ListPageSink

    init(resource: APIResource, limit: Int = ListPageScanner.maximumItemSize) {
        scanner = EnvelopeScanner(limit: limit)
        sink = ListPageSink(resource: resource)
    }

    /// Scans a piece of the page and gives the items that it completes.
    mutating func scan(_ piece: [UInt8]) throws(EnvelopeError) -> [Item] {
        try scanner.scan(piece, into: &sink)
        let items = sink.items
        sink.items.removeAll()
        return items
    }

    /// Checks that the page is complete.
    func finish() throws(EnvelopeError) {
        guard sink.isComplete, scanner.isBetweenEnvelopes else {
            throw .malformed("the list ends early", offset: 0)
        }
    }

    /// Whether the list's metadata has been read.
    var hasListMetadata: Bool { sink.listMetadata != nil }
    /// The token of the next page; nil when there is none, or when it has not been read yet.
    var continueToken: String? { text("continue") }
    /// The list's resource version.
    var resourceVersion: String? { text("resourceVersion") }
    /// The server's estimate of what follows this page.
    var remainingItemCount: Int64? { sink.listMetadata?["remainingItemCount"]?.integer }

    private func text(_ key: String) -> String? {
        sink.listMetadata?[key]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}

private struct ListPageSink: EnvelopeSink {
    var items: [Item] = []
    var listMetadata: JSONValue?
    var isComplete = false

    private let resource: GroupResource
    private var apiVersion: [UInt8]
    private var kind: [UInt8]
    /// `"apiVersion":…,` and `"kind":…,`
    private var apiVersionPrefix: [UInt8] = []
    private var kindPrefix: [UInt8] = []
    /// An object of only what ``ItemMetadata`` reads, so that an item's content is not walked over twice.
    private var digest: [UInt8] = []

    init(resource: APIResource) {
        self.resource = resource.groupResource
        apiVersion = JSONValue.literal(resource.groupVersion.description)
        kind = JSONValue.literal(resource.kind)
        renewPrefixes()
    }

    private mutating func renewPrefixes() {
        let comma = UInt8(ascii: ",")
        apiVersionPrefix = Array("\"apiVersion\":".utf8) + apiVersion + [comma]
        kindPrefix = Array("\"kind\":".utf8) + kind + [comma]
    }

    mutating func member(
        _ member: EnvelopeMember, _ head: UnsafeBufferPointer<UInt8>, _ tail: UnsafeBufferPointer<UInt8>
    ) throws(EnvelopeError) {
        let text = Array(head) + Array(tail)
        switch member {
        case .metadata: listMetadata = try parse(text)
        case .apiVersion:
            guard let version = try parse(text).string, !version.isEmpty else { return }
            apiVersion = text
        case .kind:
            guard let list = try parse(text).string, list.hasSuffix("List"), list != "List" else { return }
            kind = JSONValue.literal(String(list.dropLast("List".count)))
        case .type, .object: return
        }
        renewPrefixes()
    }

    private func parse(_ text: [UInt8]) throws(EnvelopeError) -> JSONValue {
        do {
            return try JSONValue(parsing: text)
        } catch {
            throw .malformed("the list's own members: \(error.reason)", offset: error.offset)
        }
    }

    mutating func item(
        _ head: UnsafeBufferPointer<UInt8>, _ tail: UnsafeBufferPointer<UInt8>, layout: ItemLayout
    ) throws(EnvelopeError) {
        let bytes = assemble(head, tail, layout)
        // The layout counts from the item as it came; what was put in front shifts it.
        let shift = bytes.count - head.count - tail.count
        guard layout.metadata != nil else { throw .malformed("an item without metadata", offset: 0) }
        digest.removeAll(keepingCapacity: true)
        digest.append(UInt8(ascii: "{"))
        append("\"apiVersion\":", layout.apiVersion, of: bytes, shift, otherwise: apiVersion)
        digest.append(UInt8(ascii: ","))
        append("\"kind\":", layout.kind, of: bytes, shift, otherwise: kind)
        digest.append(UInt8(ascii: ","))
        append("\"metadata\":", layout.metadata, of: bytes, shift, otherwise: [])
        digest.append(UInt8(ascii: "}"))
        let metadata: ItemMetadata
        do {
            metadata = try ItemMetadata(scanning: digest)
        } catch {
            throw .malformed("an item's metadata: \(error.reason)", offset: error.offset)
        }
        guard !metadata.name.isEmpty else { throw .malformed("an item without a name", offset: 0) }
        items.append(Item(bytes: bytes, metadata: metadata, resource: resource))
    }

    private mutating func append(
        _ key: StaticString, _ range: Range<Int>?, of bytes: [UInt8], _ shift: Int, otherwise: [UInt8]
    ) {
        digest.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        if let range {
            digest.append(contentsOf: bytes[range.lowerBound + shift..<range.upperBound + shift])
        } else {
            digest.append(contentsOf: otherwise)
        }
    }

    /// The item's text with what is missing put behind its first brace.
    private func assemble(
        _ head: UnsafeBufferPointer<UInt8>, _ tail: UnsafeBufferPointer<UInt8>, _ layout: ItemLayout
    ) -> [UInt8] {
        let version = layout.apiVersion == nil ? apiVersionPrefix : []
        let kind = layout.kind == nil ? kindPrefix : []
        let count = version.count + kind.count + head.count + tail.count
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let start = buffer.baseAddress else { return }
            var end = start
            func copy(_ source: UnsafePointer<UInt8>?, _ length: Int) {
                guard let source, length > 0 else { return }
                end.initialize(from: source, count: length)
                end += length
            }
            end.initialize(to: UInt8(ascii: "{"))
            end += 1
            version.withUnsafeBufferPointer { copy($0.baseAddress, $0.count) }
            kind.withUnsafeBufferPointer { copy($0.baseAddress, $0.count) }
            if head.isEmpty {
                copy(tail.baseAddress.map { $0 + 1 }, tail.count - 1)
            } else {
                copy(head.baseAddress.map { $0 + 1 }, head.count - 1)
                copy(tail.baseAddress, tail.count)
            }
            filled = end - start
        }
    }

    mutating func envelopeEnded() throws(EnvelopeError) {
        guard !isComplete else { throw .malformed("more than one list", offset: 0) }
        isComplete = true
    }
}
