import Glibc

/// The directories on the way down to the entry that a restore is at.
///
/// A directory that is not selected itself is made only when something in it is.
struct RestoreLevels {
    private struct Level {
        let entry: TreeEntry
        let isSelected: Bool
        var directory: TargetDirectory?
        /// Names that the target had before and that no entry came for yet, last first; nil when they stay.
        var extras: [[UInt8]]?
    }

    private var levels: [Level] = []
    private let options: RestoreOptions
    private let root: FileDescriptor
    private let metadata: MetadataWriter
    private let log: RestoreLog

    init(root: FileDescriptor, options: RestoreOptions, metadata: MetadataWriter, log: RestoreLog) {
        self.root = root
        self.options = options
        self.metadata = metadata
        self.log = log
    }

    /// Leaves the directories that an entry is not in. Blocks.
    mutating func leave(for entry: TreeEntry) {
        while let last = levels.last, !Self.contains(last.entry.path, entry.path) { leaveLast() }
    }

    /// Leaves all. Blocks.
    mutating func leaveAll() { while !levels.isEmpty { leaveLast() } }

    /// Whether an entry is to be restored: it, or a directory that it is in, fits the selection.
    func selects(_ entry: TreeEntry) -> Bool {
        if levels.last?.isSelected ?? options.include.isEmpty { return true }
        return options.include.contains { $0.matches(entry.path, isDirectory: entry.kind == .directory) }
    }

    /// The directory that an entry is in, made where it is not there; nil when it could not be, which is recorded.
    /// Blocks.
    mutating func directory() -> TargetDirectory? {
        for index in levels.indices where levels[index].directory == nil {
            guard open(index) else { return nil }
        }
        return levels.last?.directory
    }

    /// Enters the directory of an entry. Blocks.
    mutating func enter(_ entry: TreeEntry, isSelected: Bool) {
        levels.append(Level(entry: entry, isSelected: isSelected))
        if isSelected {
            _ = directory()
            log.count { $0.directories += 1 }
        }
    }

    /// Says that a name of the current directory belongs to the snapshot; removes the extra ones that come before it.
    mutating func pass(_ name: [UInt8]) {
        guard let index = levels.indices.last, levels[index].extras != nil else { return }
        while let extra = levels[index].extras?.last, !name.lexicographicallyPrecedes(extra) {
            levels[index].extras?.removeLast()
            if extra != name { remove(extra, at: index) }
        }
    }

    private static func contains(_ directory: [UInt8], _ path: [UInt8]) -> Bool {
        path.count > directory.count && TreePath.isAtOrBelow(path, directory)
    }

    private mutating func leaveLast() {
        let index = levels.count - 1
        while let extra = levels[index].extras?.popLast() { remove(extra, at: index) }
        levels.removeLast().directory?.release()
    }

    private func remove(_ name: [UInt8], at index: Int) {
        guard let directory = levels[index].directory else { return }
        let path = TreePath.join(directory.path, name)
        let fileSystem = directory.descriptor.status()?.fileSystem ?? 0
        directory.descriptor.removeTree(name, path: path, fileSystem: fileSystem) { log.fail(path, $0) }
        log.count { $0.removed += 1 }
    }

    private mutating func open(_ index: Int) -> Bool {
        let entry = levels[index].entry
        let parent = index > 0 ? levels[index - 1].directory : nil
        var isNew = false
        do throws(FileError) {
            let descriptor: FileDescriptor
            if let parent {
                let name = TreePath.name(of: entry.path)
                (descriptor, isNew) = try Self.make(name, in: parent, path: entry.path)
            } else {
                descriptor = root
            }
            levels[index].directory = TargetDirectory(
                entry: levels[index].isSelected || isNew ? entry : nil, path: entry.path, descriptor: descriptor,
                isNew: isNew, parent: parent, metadata: metadata)
            if !isNew { levels[index].extras = extras(in: descriptor, isSelected: levels[index].isSelected) }
            return true
        } catch {
            log.fail(entry.path, error)
            return false
        }
    }

    /// Opens a directory, never through a link; a file or link that has its name is removed for it.
    private static func make(
        _ name: [UInt8], in parent: TargetDirectory, path: [UInt8]
    ) throws(FileError) -> (FileDescriptor, isNew: Bool) {
        if let status = parent.descriptor.status(of: name), status.kind != .directory {
            let code = parent.descriptor.remove(name)
            if code != 0 { throw FileError("replace", path, code: code) }
        }
        let code = parent.descriptor.makeDirectory(name)
        if code != 0, code != EEXIST { throw FileError("make the directory", path, code: code) }
        guard let directory = parent.descriptor.open(name, flags: O_RDONLY | O_DIRECTORY) else {
            throw FileError("open", path)
        }
        return (directory, code == 0)
    }

    /// The names that were there, where those that the snapshot has not are to go; removes what a killed restore left.
    private func extras(in directory: FileDescriptor, isSelected: Bool) -> [[UInt8]]? {
        guard let names = directory.sortedNames() else { return nil }
        var kept: [[UInt8]] = []
        for name in names {
            if name.starts(with: PartialFile.prefix), directory.remove(name) == 0 { continue }
            kept.append(name)
        }
        return isSelected && options.extra == .delete ? kept.reversed() : nil
    }
}
