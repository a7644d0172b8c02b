import Foundation

/// A run of entries in path order that one worker treats as a whole: entries whose content need not be read, small
/// files that share one chunk, or one file that is cut by its content.
struct Segment: Sendable {
    /// An entry and what to do for it.
    struct Member: Sendable {
        let item: WalkItem
        /// What the previous snapshot has under the same path.
        let previous: TreeEntry?
        let treatment: Treatment
    }

    /// How the content of an entry gets into the repository.
    enum Treatment: Sendable {
        /// It has none.
        case empty
        /// It is that of the previous snapshot.
        case unchanged
        /// It shares a chunk with its neighbours.
        case bundled
        /// It is cut by its content.
        case cut
    }

    fileprivate(set) var members: [Member] = []
    /// The bytes that its bundled files had when the walk saw them.
    fileprivate(set) var bundleSize = 0
    /// Where the previous snapshot has what may have been moved; nil while nothing looks like that.
    var contents: KnownContents?
}

/// Groups entries to segments.
struct SegmentBuilder {
    /// The most entries of a segment.
    static let maximumMembers = 2048
    /// The most directories that the bundled files of a segment may be in: each is kept open.
    static let maximumDirectories = 64

    private let contains: (ChunkID) -> Bool
    private let changesAreTrustedBefore: Date
    private var segment = Segment()
    private var directories = 0
    private var lastDirectory: ObjectIdentifier?
    /// The same for all entries: those that are in no bundle must not have a say in where bundles end.
    private var allDirectories = 0
    private var lastOfAllDirectories: ObjectIdentifier?

    /// - Parameters:
    ///   - contains: whether a new snapshot may refer to a chunk of an earlier one.
    ///   - changesAreTrustedBefore: see ``PreviousSnapshot``.
    init(contains: @escaping (ChunkID) -> Bool, changesAreTrustedBefore: Date) {
        self.contains = contains
        self.changesAreTrustedBefore = changesAreTrustedBefore
    }

    /// Adds an entry, and returns the segments that are complete with it.
    mutating func add(_ item: WalkItem, previous: TreeEntry?) -> [Segment] {
        let treatment = treatment(of: item, previous: previous)
        let member = Segment.Member(item: item, previous: previous, treatment: treatment)
        if case .cut = treatment {
            // In a segment of its own, because it may take long.
            let before = finish()
            return (before.map { [$0] } ?? []) + [Segment(members: [member])]
        }
        segment.members.append(member)
        let directory = ObjectIdentifier(item.directory)
        if directory != lastOfAllDirectories {
            allDirectories += 1
            lastOfAllDirectories = directory
        }
        var isComplete =
            segment.members.count >= Self.maximumMembers || allDirectories >= 2 * Self.maximumDirectories
        if case .bundled = treatment {
            segment.bundleSize += Int(clamping: item.status.size)
            if directory != lastDirectory {
                directories += 1
                lastDirectory = directory
            }
            isComplete =
                isComplete || directories >= Self.maximumDirectories
                || BundlePolicy.ends(size: Int64(segment.bundleSize), lastName: item.name)
        }
        return isComplete ? finish().map { [$0] } ?? [] : []
    }

    /// The last segment, if there is one.
    mutating func finish() -> Segment? {
        defer {
            segment = Segment()
            directories = 0
            lastDirectory = nil
            allDirectories = 0
            lastOfAllDirectories = nil
        }
        return segment.members.isEmpty ? nil : segment
    }

    private func treatment(of item: WalkItem, previous: TreeEntry?) -> Segment.Treatment {
        guard item.kind == .file, item.hardLink == nil, item.status.size > 0 else { return .empty }
        if let previous, isUnchanged(item, previous) { return .unchanged }
        return item.status.size <= BundlePolicy.largestMember ? .bundled : .cut
    }

    /// A file is taken for unchanged when all that a change would change is the same: a write sets the ctime, and
    /// nobody can set it back.
    private func isUnchanged(_ item: WalkItem, _ previous: TreeEntry) -> Bool {
        guard previous.kind == .file, previous.hardLink == nil, previous.size == item.status.size,
            previous.modified == item.status.modified, previous.changed == item.status.changed,
            previous.inode == item.status.inode, previous.changed.isBefore(changesAreTrustedBefore)
        else { return false }
        return previous.extents.allSatisfy { extent in
            switch extent {
            case .chunk(let id, _, _): contains(id)
            case .hole: true
            }
        }
    }
}
