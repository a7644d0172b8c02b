/// Writes a tree: a line of JSON an entry, in path order; docs/formats describes the fields.
///
/// `zstd` and `jq` alone read it: words for names, octal text for modes, decimal text for times, base64 only for bytes
/// that are not UTF-8. What has its usual value is left out.
public struct TreeEncoder: Sendable {
    private var lastPath: [UInt8] = []
    private var isEmpty = true
    /// Bytes of the last file that no extent covers yet.
    private var missing: Int64 = 0

    /// A tree without entries; the first one is the root.
    public init() {}

    /// Appends an entry and the extents that it has. Where they do not add up to its size, the rest follows.
    ///
    /// - Throws: ``TreeError/unwritable(path:reason:)``; nothing was appended then.
    public mutating func append(_ entry: TreeEntry, to output: inout [UInt8]) throws(TreeError) {
        if let reason = fault(of: entry) {
            throw .unwritable(path: TreePath.text(entry.path), reason: reason)
        }
        lastPath = entry.path
        isEmpty = false
        missing = entry.kind == .file && entry.hardLink == nil ? entry.size : 0
        let first = entry.extents.prefix(TreeLimits.extentsPerLine)
        TreeLine.append(entry, extents: first, to: &output)
        for extent in first { missing -= extent.length }
        if first.count < entry.extents.count {
            appendRest(entry.extents[first.endIndex...], to: &output)
        }
    }

    /// Appends further extents of the last entry.
    public mutating func append(_ extents: [Extent], to output: inout [UInt8]) throws(TreeError) {
        guard let length = Self.length(of: extents), length <= missing else {
            throw .unwritable(path: TreePath.text(lastPath), reason: "its extents do not fit its size")
        }
        appendRest(extents[...], to: &output)
    }

    /// Whether the tree may end here: the last file's extents are complete.
    public var isComplete: Bool { !isEmpty && missing == 0 }

    private mutating func appendRest(_ extents: ArraySlice<Extent>, to output: inout [UInt8]) {
        var rest = extents
        while !rest.isEmpty {
            let piece = rest.prefix(TreeLimits.extentsPerLine)
            TreeLine.append(more: piece, to: &output)
            for extent in piece { missing -= extent.length }
            rest = rest[piece.endIndex...]
        }
    }

    private func fault(of entry: TreeEntry) -> String? {
        if missing != 0 { return "the content of the entry before it is not complete" }
        if isEmpty != entry.path.isEmpty { return "the root comes first" }
        if !isEmpty, !isBeforeInPathOrder(lastPath, entry.path) { return "it is not in path order" }
        if let fault = TreePath.fault(of: entry.path) { return fault }
        if let fault = entry.fault { return fault }
        guard let length = Self.length(of: entry.extents) else { return "an extent is empty" }
        return length <= entry.size ? nil : "its extents do not fit its size"
    }

    private static func length(of extents: [Extent]) -> Int64? {
        var length: Int64 = 0
        for extent in extents {
            let (sum, overflow) = length.addingReportingOverflow(extent.length)
            guard extent.isValid, !overflow else { return nil }
            length = sum
        }
        return length
    }
}

extension Extent {
    /// Whether it covers something, and lies within what a chunk may be.
    var isValid: Bool {
        switch self {
        case .chunk(_, let offset, let length):
            offset >= 0 && length > 0 && length <= ChunkLimits.maximumContent
                && offset <= ChunkLimits.maximumContent - length
        case .hole(let length): length > 0
        }
    }
}

extension TreeEntry {
    /// Why the fields do not go together; nil when they do. Path and extents are looked at elsewhere.
    var fault: String? {
        if mode > 0o7777 { return "the mode has unknown bits" }
        if size < 0 { return "the size is negative" }
        if links == 0 { return "it has no links" }
        if !(0..<1_000_000_000).contains(modified.nanoseconds) || !(0..<1_000_000_000).contains(changed.nanoseconds) {
            return "a time has no valid fraction"
        }
        if path.isEmpty, kind != .directory { return "the root is no directory" }
        if kind != .file, size != 0 || !extents.isEmpty || contentID != nil { return "only files have content" }
        if target.isEmpty == (kind == .symlink) { return "symbolic links, and nothing else, have a target" }
        if target.count > TreeLimits.path || target.contains(0) { return "the target is no path" }
        if kind != .characterDevice, kind != .blockDevice, device != (0, 0) { return "only devices have numbers" }
        if let hardLink {
            if kind == .directory { return "a directory is a hard link" }
            if !extents.isEmpty || !attributes.isEmpty { return "a further hard link has content of its own" }
            if hardLink.isEmpty || TreePath.fault(of: hardLink) != nil { return "a hard link has no valid path" }
            if !isBeforeInPathOrder(hardLink, path) { return "a hard link stands before what it links to" }
        }
        return attributesFault
    }

    private var attributesFault: String? {
        var bytes = 0
        for (index, attribute) in attributes.enumerated() {
            if attribute.name.isEmpty || attribute.name.count > 255 || attribute.name.contains(0) {
                return "an attribute has no valid name"
            }
            if index > 0, !attributes[index - 1].name.lexicographicallyPrecedes(attribute.name) {
                return "the attributes are not in order"
            }
            bytes += attribute.name.count + attribute.value.count
        }
        return bytes > TreeLimits.attributes ? "the attributes are too large" : nil
    }
}
