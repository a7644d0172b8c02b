/// Steps along a tree beside something else that comes in path order, such as a walk.
///
/// Memory: one entry, and what the reader holds.
public struct PreviousTree {
    private var events: TreeReader.AsyncIterator
    /// The event that was read and not given yet.
    private var ahead: TreeEvent?
    private var isAtEnd = false

    /// Begins at the tree's root.
    public init(_ reader: TreeReader) { events = reader.makeAsyncIterator() }

    /// The entry with a path; nil when there is none. Paths must be asked for in path order, each once.
    ///
    /// Where the entry's extents do not add up to its size, the rest comes by ``moreExtents()``.
    public mutating func entry(at path: [UInt8]) async throws -> TreeEntry? {
        while let event = try await peek() {
            if case .entry(let entry, _) = event {
                if entry.path == path {
                    ahead = nil
                    return entry
                }
                if isBeforeInPathOrder(path, entry.path) { return nil }
            }
            ahead = nil
        }
        return nil
    }

    /// The next extents of the entry that was given last; nil when there are no more.
    public mutating func moreExtents() async throws -> [Extent]? {
        guard case .extents(let extents, _) = try await peek() else { return nil }
        ahead = nil
        return extents
    }

    private mutating func peek() async throws -> TreeEvent? {
        if let ahead { return ahead }
        if isAtEnd { return nil }
        ahead = try await events.next()
        isAtEnd = ahead == nil
        return ahead
    }
}
