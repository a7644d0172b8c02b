/// What differs between two snapshots of a volume.
public enum TreeDifference: Sendable, Equatable {
    /// In the second only.
    case added(TreeEntry)
    /// In the first only.
    case removed(TreeEntry)
    /// In both, and not the same.
    case changed(from: TreeEntry, to: TreeEntry, content: Bool)

    /// Reads two trees side by side, and calls a function with each difference, in path order. Memory stays constant.
    ///
    /// Content is compared by the ids of chunks: content that was cut in another way counts as changed. The change time
    /// and the number of the inode are no difference, since a restore cannot bring them back.
    /// - Throws: what the readers and the function throw.
    public static func find(
        from first: TreeReader, to second: TreeReader, _ report: (TreeDifference) async throws -> Void
    ) async throws {
        var (left, right) = (TreeCursor(first), TreeCursor(second))
        var (own, other) = (try await left.next(), try await right.next())
        while own != nil || other != nil {
            if let old = own, let new = other, old.path == new.path {
                let content = try await differInContent(old, new, &left, &right)
                if content || differInMetadata(old, new) {
                    try await report(.changed(from: old, to: new, content: content))
                }
                (own, other) = (try await left.next(), try await right.next())
            } else if let old = own, other.map({ isBeforeInPathOrder(old.path, $0.path) }) ?? true {
                try await report(.removed(old))
                own = try await left.next()
            } else if let new = other {
                try await report(.added(new))
                other = try await right.next()
            }
        }
    }

    private static func differInMetadata(_ old: TreeEntry, _ new: TreeEntry) -> Bool {
        old.mode != new.mode || old.user != new.user || old.group != new.group || old.modified != new.modified
            || old.hardLink != new.hardLink || old.device != new.device || old.attributes != new.attributes
    }

    private static func differInContent(
        _ old: TreeEntry, _ new: TreeEntry, _ left: inout TreeCursor, _ right: inout TreeCursor
    ) async throws -> Bool {
        if old.kind != new.kind || old.size != new.size || old.target != new.target { return true }
        // Small files share chunks with their neighbours, so that another chunk need not be another content.
        if let id = old.contentID, let other = new.contentID { return id != other }
        if old.extents != new.extents { return true }
        while true {
            let (extents, others) = (try await left.moreExtents(), try await right.moreExtents())
            if extents != others { return true }
            if extents == nil { return false }
        }
    }
}
