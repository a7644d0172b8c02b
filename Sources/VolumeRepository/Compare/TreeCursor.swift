/// Goes through a tree entry by entry; the further extents of a large file are taken or passed over.
struct TreeCursor {
    private var events: TreeReader.AsyncIterator
    private var ahead: TreeEvent?

    init(_ reader: TreeReader) { events = reader.makeAsyncIterator() }

    /// The next entry; nil at the end.
    mutating func next() async throws -> TreeEntry? {
        while let event = try await take() {
            if case .entry(let entry, _) = event { return entry }
        }
        return nil
    }

    /// The next extents of the entry that came last; nil when there are no more.
    mutating func moreExtents() async throws -> [Extent]? {
        guard let event = try await take() else { return nil }
        if case .extents(let extents, _) = event { return extents }
        ahead = event
        return nil
    }

    private mutating func take() async throws -> TreeEvent? {
        if let event = ahead.take() { return event }
        return try await events.next()
    }
}
