import Glibc

/// The directories on the way down to the entry that a restore is at.
///
/// A directory that is not selected itself is made only when something in it is.
struct RestoreLevels {
    private struct Level {
        let entry: TreeEntry
        let isSelected: Bool
        var directory: TargetDirectory?
        /// Whether it could not be made or opened, which was said.
        var isBroken = false
        /// Names that the target had before and that no entry came for yet; nil when they stay.
        var extras: NameList?
    }

    private var levels: [Level] = []
    private let options: RestoreOptions
    private let root: FileDescriptor
    private let isRootNew: Bool
    private let metadata: MetadataWriter
    private let log: RestoreLog
    private let removal: TreeRemoval

    /// - Parameter isRootNew: whether the restore made the root.
    init(
        root: FileDescriptor, isRootNew: Bool, options: RestoreOptions, metadata: MetadataWriter, log: RestoreLog
    ) {
        self.root = root
        self.isRootNew = isRootNew
        removal = TreeRemoval(log: log)
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

    /// Leaves all without removing anything: it is not known what the rest of the snapshot has. Blocks.
    mutating func abandon() { while let last = levels.popLast() { last.directory?.release() } }

    /// Whether an entry is to be restored: it, or a directory that it is in, fits the selection.
    func selects(_ entry: TreeEntry) -> Bool {
        if levels.last?.isSelected ?? options.include.isEmpty { return true }
        return options.include.contains { $0.matches(entry.path, isDirectory: entry.kind == .directory) }
    }

    /// The directory that an entry is in, made where it is not there; nil when it could not be, which is recorded.
    /// Blocks.
    mutating func directory() -> TargetDirectory? {
        for index in levels.indices where levels[index].directory == nil {
            if levels[index].isBroken { return nil }
            guard open(index) else {
                levels[index].isBroken = true
                return nil
            }
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
        while let extra = levels[index].extras?.first, !name.lexicographicallyPrecedes(extra) {
            _ = levels[index].extras?.next()
            if extra != name { remove(extra, at: index) }
        }
    }

    private static func contains(_ directory: [UInt8], _ path: [UInt8]) -> Bool {
        path.count > directory.count && TreePath.isAtOrBelow(path, directory)
    }

    private mutating func leaveLast() {
        let index = levels.count - 1
        while let extra = levels[index].extras?.next() { remove(extra, at: index) }
        levels.removeLast().directory?.release()
    }

    private func remove(_ name: [UInt8], at index: Int) {
        guard let directory = levels[index].directory else { return }
        removal.remove(name, in: directory.descriptor, path: TreePath.join(directory.path, name))
    }

    private mutating func open(_ index: Int) -> Bool {
        let entry = levels[index].entry
        do throws(FileError) {
            let (opened, isNew): (WritableDirectory, Bool)
            let parent = index > 0 ? levels[index - 1].directory : nil
            if let parent {
                (opened, isNew) = try Self.make(TreePath.name(of: entry.path), in: parent, path: entry.path)
            } else {
                (opened, isNew) = (WritableDirectory(opened: root), isRootNew)
            }
            let isRestored = levels[index].isSelected || isNew
            levels[index].directory = TargetDirectory(
                opened.descriptor, path: entry.path, isNew: isNew, parent: parent,
                ending: isRestored ? .entry(entry) : .asBefore(mode: opened.modeBefore, time: nil),
                metadata: metadata)
            if !isNew {
                levels[index].extras = extras(
                    in: opened.descriptor, path: entry.path, isSelected: levels[index].isSelected)
            }
            return true
        } catch {
            log.fail(entry.path, "\(error); nothing in it is restored")
            return false
        }
    }

    /// Opens a directory, never through a link; a file or link that has its name is removed for it.
    private static func make(
        _ name: [UInt8], in parent: TargetDirectory, path: [UInt8]
    ) throws(FileError) -> (WritableDirectory, isNew: Bool) {
        if let status = parent.descriptor.status(of: name), status.kind != .directory {
            let code = parent.descriptor.remove(name)
            if code != 0 { throw FileError("replace", path, code: code) }
        }
        let code = parent.descriptor.makeDirectory(name)
        if code != 0, code != EEXIST { throw FileError("make the directory", path, code: code) }
        return (try WritableDirectory(name, in: parent.descriptor, path: path), code == 0)
    }

    /// The names that were there, where those that the snapshot has not are to go; removes what a killed restore left.
    private func extras(in directory: FileDescriptor, path: [UInt8], isSelected: Bool) -> NameList? {
        guard var names = directory.sortedNames() else {
            log.fail(path, FileError("list", path))
            return nil
        }
        names.removeAll { $0.starts(with: PartialFile.prefix) && directory.remove($0) == 0 }
        // What is mounted inside is not part of the volume: a backup leaves it out, so that everything in it is extra.
        guard isSelected, options.extra == .delete, directory.isInMount(of: root) else { return nil }
        return names
    }
}
