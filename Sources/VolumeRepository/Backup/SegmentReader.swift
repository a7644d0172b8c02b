import Foundation
import Streams

/// Reads the entries of segments and stores their content.
struct SegmentReader: Sendable {
    /// What became of a segment.
    struct Outcome: Sendable {
        var entries: [TreeEntry] = []
        var summary = VolumeBackupSummary()
        var problems: [VolumeProblem] = []
        /// Files that are missing and have further hard links, which may stand anywhere behind them.
        var lostLinks: [[UInt8]] = []
    }

    let storage: any ChunkStoring
    let chunker: ContentDefinedChunker
    let room: BackupRoom

    /// In the place of a chunk that has no id yet.
    private static let unstored = ChunkID(words: (0, 0, 0, 0))

    /// Stores what is new of a segment's content, and gives its entries in order.
    func read(_ segment: Segment) async throws -> Outcome {
        if segment.members.count == 1, case .cut = segment.members[0].treatment {
            return try await room.files.withPlace { try await readCut(segment.members[0]) }
        }
        let bundle = try await room.pieces.withPlace { try await readBundle(segment) }
        var outcome = bundle.outcome
        for (place, member) in bundle.outgrown.reversed() {
            outcome.insert(try await room.files.withPlace { try await readCut(member) }, at: place)
        }
        return outcome
    }

    // MARK: Many entries

    /// The members read so far, and the content that is to become one chunk.
    fileprivate struct Bundle: Sendable {
        var outcome = Outcome()
        var content: [UInt8] = []
        /// What the bundle's chunk is the content of.
        var parts: [Part] = []
        /// Files that larger ones have replaced, which have no room here, and the places of their entries.
        var outgrown: [(place: Int, member: Segment.Member)] = []

        /// A stretch of an entry's content, which becomes an extent once the chunk has its id.
        struct Part: Sendable {
            /// The entry's place in the outcome, and the extent's among those of the entry.
            let entry: Int
            let extent: Int
            /// Where the stretch is in the bundle's content.
            let range: Range<Int>
        }
    }

    private func readBundle(_ segment: Segment) async throws -> Bundle {
        var bundle = try await BlockingPool.shared.run { [self] in
            var bundle = Bundle()
            bundle.content.reserveCapacity(segment.bundleSize)
            for member in segment.members { readMember(member, of: segment, into: &bundle) }
            return bundle
        }
        guard !bundle.content.isEmpty else { return bundle }
        let stored = try await storage.store(bundle.content)
        bundle.outcome.summary.count(stored, contentBytes: bundle.content.count)
        for part in bundle.parts {
            bundle.outcome.entries[part.entry].extents[part.extent] = .chunk(
                stored.id, offset: part.range.lowerBound, length: part.range.count)
        }
        return bundle
    }

    private func readMember(_ member: Segment.Member, of segment: Segment, into bundle: inout Bundle) {
        let item = member.item
        switch member.treatment {
        case .empty: bundle.outcome.add(entry(item, attributesFrom: nil, &bundle.outcome))
        case .unchanged:
            guard let previous = member.previous else { return }
            var entry = entry(item, attributesFrom: previous, &bundle.outcome)
            entry.extents = previous.extents
            entry.contentID = previous.contentID
            bundle.outcome.summary.unchangedFiles += 1
            bundle.outcome.add(entry)
        case .bundled, .cut: readSmallFile(member, of: segment, into: &bundle)
        }
    }

    private func readSmallFile(_ member: Segment.Member, of segment: Segment, into bundle: inout Bundle) {
        let item = member.item
        let start = bundle.content.count
        do throws(FileError) {
            let file = try FileContent.open(item)
            if file.isReplacement, file.status.size > item.status.size {
                bundle.outgrown.append((bundle.outcome.entries.count, member))
                return
            }
            // As much as the walk saw, so that the bundle stays within what a chunk may hold; what a file has grown by
            // since comes with the next backup.
            let cutter = FileCutter(file, size: min(file.status.size, item.status.size), chunker: chunker)
            var extents: [Extent] = []
            var parts: [Bundle.Part] = []
            while let piece = try cutter.next() {
                switch piece {
                case .hole(let length): extents.append(.hole(length: length))
                case .data(let content):
                    let range = bundle.content.count..<bundle.content.count + content.count
                    bundle.content += content
                    parts.append(
                        Bundle.Part(entry: bundle.outcome.entries.count, extent: extents.count, range: range))
                    extents.append(.chunk(Self.unstored, offset: 0, length: content.count))
                }
            }
            finish(member, of: segment, file, extents, parts, &bundle)
        } catch {
            bundle.content.removeLast(bundle.content.count - start)
            bundle.outcome.lose(item, error)
        }
    }

    /// Adds the entry of a small file that was read to the end of a bundle.
    private func finish(
        _ member: Segment.Member, of segment: Segment, _ file: FileContent, _ extents: [Extent],
        _ parts: [Bundle.Part], _ bundle: inout Bundle
    ) {
        let item = member.item
        var entry = entry(item, status: file.status, attributesFrom: nil, &bundle.outcome)
        entry.extents = extents
        entry.size = extents.reduce(0) { $0 + $1.length }
        bundle.outcome.summary.bytesRead += parts.reduce(0) { $0 + Int64($1.range.count) }
        noteChange(of: file, read: entry.size, item, &bundle.outcome)
        if let first = parts.first, let last = parts.last {
            let range = first.range.lowerBound..<last.range.upperBound
            let id = contentID(of: extents, data: bundle.content[range])
            entry.contentID = id
            if let known = known(id, extents, member.previous, segment.contents) {
                entry.extents = known
                bundle.content.removeLast(range.count)
                bundle.outcome.add(entry)
                return
            }
        }
        bundle.parts += parts
        bundle.outcome.add(entry)
    }

    /// The id of a small file's whole content, in which holes read as zero.
    private func contentID(of extents: [Extent], data: ArraySlice<UInt8>) -> ChunkID {
        guard extents.count > 1 else { return data.withUnsafeBytes { storage.id(of: $0) } }
        var (content, rest): ([UInt8], ArraySlice<UInt8>) = ([], data)
        for extent in extents {
            switch extent {
            case .hole(let length): content += repeatElement(0, count: Int(length))
            case .chunk(_, _, let length):
                content += rest.prefix(length)
                rest = rest.dropFirst(length)
            }
        }
        return content.withUnsafeBytes { storage.id(of: $0) }
    }

    /// The extents of a file that was touched or moved, and has the content that it had.
    private func known(
        _ id: ChunkID, _ extents: [Extent], _ previous: TreeEntry?, _ contents: KnownContents?
    ) -> [Extent]? {
        if let previous, previous.contentID == id, FileLayout(previous.extents) == FileLayout(extents),
            areThere(previous.extents)
        {
            return previous.extents
        }
        guard let known = contents?.extents(of: id, like: extents), areThere(known) else { return nil }
        return known
    }

    private func areThere(_ extents: [Extent]) -> Bool {
        extents.allSatisfy { extent in
            if case .chunk(let id, _, _) = extent { storage.contains(id) } else { true }
        }
    }

    // MARK: One large file

    private func readCut(_ member: Segment.Member) async throws -> Outcome {
        let item = member.item
        var outcome = Outcome()
        do {
            let file = try await BlockingPool.shared.run {
                let file = try FileContent.open(item)
                file.willReadAll()
                return file
            }
            let extents = try await store(file, &outcome.summary)
            return try await BlockingPool.shared.run { [self, outcome] in
                var outcome = outcome
                var entry = entry(item, status: file.status, attributesFrom: nil, &outcome)
                entry.extents = extents
                entry.size = extents.reduce(0) { $0 + $1.length }
                noteChange(of: file, read: entry.size, item, &outcome)
                file.releaseCache()
                outcome.add(entry)
                return outcome
            }
        } catch let error as FileError {
            outcome.lose(item, error)
            return outcome
        }
    }

    /// Stores the content of a file piece by piece, some at once.
    private func store(_ file: FileContent, _ summary: inout VolumeBackupSummary) async throws -> [Extent] {
        let cutter = FileCutter(file, size: file.status.size, chunker: chunker)
        var extents: [Extent] = []
        var counted = VolumeBackupSummary()
        try await forEachInOrder(limit: room.piecesOfFile) {
            try await room.pieces.take()
            do {
                let piece = try await BlockingPool.shared.run { try cutter.next() }
                // The place of what there is goes with it.
                if piece == nil { room.pieces.give() }
                return piece
            } catch {
                room.pieces.give()
                throw error
            }
        } work: { [storage, room] piece in
            defer { room.pieces.give() }
            switch piece {
            case .hole(let length): return (Extent.hole(length: length), StoredChunk?.none)
            case .data(let content):
                let stored = try await storage.store(content)
                return (.chunk(stored.id, offset: 0, length: content.count), stored)
            }
        } consume: { (extent: Extent, stored: StoredChunk?) in
            extents.append(extent)
            guard let stored else { return }
            counted.bytesRead += extent.length
            counted.count(stored, contentBytes: Int(extent.length))
        }
        summary.add(counted)
        return extents
    }

    // MARK: What both need

    private func noteChange(of file: FileContent, read: Int64, _ item: WalkItem, _ outcome: inout Outcome) {
        do throws(FileError) {
            let after = try file.currentStatus()
            if file.isReplacement {
                outcome.report(
                    item.path, .changing, "it was replaced before it was read; the new file is in the snapshot")
            } else if read != file.status.size || !after.isSameContent(as: file.status) {
                outcome.report(item.path, .changing, "it changed while it was read")
            }
        } catch {
            outcome.report(item.path, .incomplete, error)
        }
    }

    /// The entry of an item without its content. What did not change since the previous snapshot has the attributes of
    /// then: to change them sets the ctime.
    private func entry(
        _ item: WalkItem, status: FileStatus? = nil, attributesFrom previous: TreeEntry?, _ outcome: inout Outcome
    ) -> TreeEntry {
        var entry = item.entry()
        if let status { entry.take(status) }
        if let previous {
            entry.attributes = previous.attributes
        } else {
            let (attributes, failures) = item.attributes()
            entry.attributes = attributes
            for failure in failures {
                outcome.report(item.path, failure.meansGone ? .changing : .incomplete, failure)
            }
        }
        return entry
    }
}

extension VolumeBackupSummary {
    fileprivate mutating func count(_ stored: StoredChunk, contentBytes: Int) {
        contentBytesStored += Int64(stored.storedBytes)
        if stored.storedBytes > 0 { newBytes += Int64(contentBytes) }
    }
}

extension FileError {
    /// Whether what the walk found is not there any more.
    fileprivate var meansGone: Bool { code == ENOENT || code == ESTALE }
}

extension TreeEntry {
    /// Takes over what was seen of the open file, which may be newer than what the walk saw.
    fileprivate mutating func take(_ status: FileStatus) {
        inode = status.inode
        mode = status.mode
        user = status.user
        group = status.group
        size = status.size
        modified = status.modified
        changed = status.changed
        links = max(1, status.links)
    }
}

extension SegmentReader.Outcome {
    fileprivate mutating func add(_ entry: TreeEntry) {
        switch entry.kind {
        case .file:
            summary.files += 1
            if entry.hardLink == nil { summary.bytes += entry.size }
        case .directory: summary.directories += 1
        default: summary.others += 1
        }
        entries.append(entry)
    }

    /// Puts what became of one file into its place.
    fileprivate mutating func insert(_ other: SegmentReader.Outcome, at place: Int) {
        entries.insert(contentsOf: other.entries, at: place)
        summary.add(other.summary)
        problems += other.problems
        lostLinks += other.lostLinks
    }

    fileprivate mutating func lose(_ item: WalkItem, _ error: FileError) {
        if item.status.links > 1 { lostLinks.append(item.path) }
        // Whoever removes a file while it is backed up misses nothing.
        report(item.path, error.meansGone ? .changing : .missing, error)
    }

    fileprivate mutating func report(_ path: [UInt8], _ severity: VolumeProblem.Severity, _ error: FileError) {
        report(path, severity, [error.summary, error.reason].compactMap { $0 }.joined(separator: ": "))
    }

    /// Where nothing can change by rights, what did was lost.
    mutating func countChangesAsLosses() {
        summary.problems += summary.changing
        summary.changing = 0
        problems = problems.map { problem in
            guard problem.severity == .changing else { return problem }
            return VolumeProblem(path: problem.path, severity: .incomplete, reason: problem.reason)
        }
    }

    mutating func report(_ path: [UInt8], _ severity: VolumeProblem.Severity, _ reason: String) {
        if severity == .changing { summary.changing += 1 } else { summary.problems += 1 }
        problems.append(VolumeProblem(path: path, severity: severity, reason: reason))
    }
}
