import Glibc
import Streams

extension Restorer {
    /// Reads all selected files of a directory back and compares them with the snapshot; nothing is written.
    ///
    /// - Returns: a report with the files that are equal as verified, and a failure for each that is not, or cannot be
    ///   read.
    /// - Throws: ``FileError`` when the directory cannot be used, ``TreeError`` or the source's error when the tree
    ///   cannot be read on, `CancellationError`.
    public func readBack(from path: String) async throws -> VolumeRestoreReport {
        let root = try await BlockingPool.shared.run { try FileDescriptor.openDirectory(path: path) }
        let reading = ReadBack(root: root, source: source, log: RestoreLog(observer))
        // Unselected first paths, each with the selected link that got the content.
        var orphans: [[UInt8]: [UInt8]] = [:]
        try await compare(reading) { entry in
            guard options.includes(entry.path) else { return nil }
            guard let first = entry.hardLink, !options.includes(first) else { return entry }
            if let link = orphans[first] {
                var entry = entry
                entry.hardLink = link
                return entry
            }
            orphans[first] = entry.path
            return nil
        }
        if !orphans.isEmpty {
            try await compare(reading) { [orphans] entry in
                guard let path = orphans[entry.path] else { return nil }
                var entry = entry
                entry.path = path
                return entry
            }
        }
        return reading.log.report
    }

    /// Goes through the tree, and compares the files that a function chooses.
    private func compare(_ reading: ReadBack, _ choose: (TreeEntry) -> TreeEntry?) async throws {
        var cursor = TreeCursor(TreeReader(chunks: chunks, from: source))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            var running = 0
            while let found = try await cursor.next() {
                try reading.log.checkEnd()
                guard found.kind == .file, let entry = choose(found) else { continue }
                let covered = entry.extents.reduce(0) { $0 + $1.length }
                if entry.hardLink == nil, covered < entry.size {
                    try await reading.compareLarge(entry, &cursor)
                    continue
                }
                if running >= options.parallelism {
                    try await tasks.next()
                    running -= 1
                }
                running += 1
                tasks.addTask { try await reading.compare(entry) }
            }
            try await tasks.waitForAll()
        }
        try reading.log.checkEnd()
    }
}

/// Compares files of a directory with their entries.
private struct ReadBack: Sendable {
    let root: FileDescriptor
    let source: any ChunkReading
    let log: RestoreLog

    /// Compares a file whose extents are all in its entry.
    func compare(_ entry: TreeEntry) async throws {
        do {
            let file = try await open(entry)
            // A further hard link is the first one's content, if it is the same file.
            let isEqual =
                if let first = entry.hardLink {
                    try await isSame(file, first)
                } else {
                    try await ContentComparison.isEqual(
                        file, entry.path, entry.extents, at: 0, size: entry.size, source)
                }
            record(entry, isEqual: isEqual)
        } catch {
            if Task.isCancelled { throw CancellationError() }
            log.fail(entry.path, error)
        }
    }

    /// Compares a file whose further extents come from the tree.
    func compareLarge(_ entry: TreeEntry, _ cursor: inout TreeCursor) async throws {
        var isEqual = false
        do {
            let file = try await open(entry)
            isEqual = true
            var (offset, extents): (Int64, [Extent]?) = (0, entry.extents)
            while let piece = extents, isEqual {
                isEqual = try await ContentComparison.isEqual(
                    file, entry.path, piece, at: offset, size: entry.size, source)
                for extent in piece { offset += extent.length }
                extents = try await cursor.moreExtents()
            }
            record(entry, isEqual: isEqual)
        } catch {
            // Where the tree itself cannot be read on, the next entry says so.
            if Task.isCancelled { throw CancellationError() }
            log.fail(entry.path, error)
        }
    }

    private func open(_ entry: TreeEntry) async throws -> FileDescriptor {
        try await BlockingPool.shared.run {
            let (directory, name) = try root.directory(of: entry.path)
            guard let file = directory.openForReading(name), let status = file.status() else {
                throw FileError("open", entry.path)
            }
            guard status.kind == .file, entry.hardLink != nil || status.size == entry.size else {
                throw FileError("find the same size in", entry.path, code: ESTALE)
            }
            // What was just written is to be read from the disk, as far as the system lets go of it.
            _ = posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED)
            return file
        }
    }

    private func isSame(_ file: FileDescriptor, _ first: [UInt8]) async throws -> Bool {
        try await BlockingPool.shared.run {
            let (directory, name) = try root.directory(of: first)
            guard let own = file.status(), let other = directory.status(of: name) else {
                throw FileError("look at", first)
            }
            return own.inode == other.inode && own.fileSystem == other.fileSystem
        }
    }

    private func record(_ entry: TreeEntry, isEqual: Bool) {
        if isEqual {
            log.count { $0.filesVerified += 1 }
            log.tell()
        } else {
            log.fail(entry.path, "its content is not the snapshot's")
        }
    }
}
