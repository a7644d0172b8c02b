import Glibc
import Synchronization

/// A directory of the target while things are restored into it.
///
/// It gets its owner, mode and times when it was left and the last file in it is written, because writing into it
/// changes its time and needs its permission. Its own directory is told then. So memory holds the directories on the
/// way to the current one, and those of files on their way.
final class TargetDirectory: Sendable {
    /// What it gets in the end.
    enum Ending: Sendable {
        /// What the snapshot says of it.
        case entry(TreeEntry)
        /// The mode that it had, if it got another one to be written into; and the time, if it is not to show.
        case asBefore(mode: UInt16?, time: TreeEntry.Time?)
    }

    let path: [UInt8]
    let descriptor: FileDescriptor
    /// Whether this restore made it, so that nothing can be in the way of what goes into it.
    let isNew: Bool
    /// Whether what is made in it inherits an ACL that its entry may not have.
    let inheritsACL: Bool
    private let ending: Ending
    private let parent: TargetDirectory?
    private let metadata: MetadataWriter
    /// What keeps it from being finished: the walk that has not left it, and what is restored into it.
    private let holds = Mutex(1)

    init(
        _ descriptor: FileDescriptor, path: [UInt8], isNew: Bool, parent: TargetDirectory?, ending: Ending,
        metadata: MetadataWriter
    ) {
        self.path = path
        self.descriptor = descriptor
        self.isNew = isNew
        inheritsACL = descriptor.hasDefaultACL()
        self.ending = ending
        self.parent = parent
        self.metadata = metadata
        parent?.hold()
    }

    /// Something is about to be restored into it.
    func hold() { holds.withLock { $0 += 1 } }

    /// That is done, or the walk leaves it. The last one finishes it; blocks then.
    func release() {
        let isLast = holds.withLock { holds in
            holds -= 1
            return holds == 0
        }
        guard isLast else { return }
        switch ending {
        case .entry(let entry): metadata.apply(entry, to: descriptor, mayHaveAttributes: true)
        case .asBefore(let mode, let time): metadata.restore(mode: mode, time: time, of: descriptor, path: path)
        }
        parent?.release()
    }
}

extension TargetDirectory {
    /// Opens the directory that something is in, and those on the way to it. They were finished before, and are so again
    /// when this one is released. Never through a link.
    static func reopen(
        for path: [UInt8], under root: FileDescriptor, _ metadata: MetadataWriter
    ) throws(FileError) -> TargetDirectory {
        let parentLength = TreePath.parentLength(of: path)
        func make(_ opened: WritableDirectory, length: Int, in parent: TargetDirectory?) -> TargetDirectory {
            let time = length == parentLength ? opened.descriptor.status()?.modified : nil
            return TargetDirectory(
                opened.descriptor, path: Array(path[..<length]), isNew: false, parent: parent,
                ending: .asBefore(mode: opened.modeBefore, time: time), metadata: metadata)
        }
        var directory = make(WritableDirectory(opened: root), length: 0, in: nil)
        var length = 0
        for component in TreePath.components(of: path).dropLast() {
            let outer = directory
            // What is inside holds it now, or nothing does.
            defer { outer.release() }
            let inner = try WritableDirectory(component, in: outer.descriptor, path: path)
            length += component.count + (length > 0 ? 1 : 0)
            directory = make(inner, length: length, in: outer)
        }
        return directory
    }
}

/// A directory that can be written into: one of one's own gets the permission for it if it lacks that.
struct WritableDirectory {
    let descriptor: FileDescriptor
    /// The mode that it had, if it got another one.
    let modeBefore: UInt16?

    /// Opens a name in a directory, never through a link.
    ///
    /// - Parameter path: for the error.
    init(_ name: [UInt8], in directory: FileDescriptor, path: [UInt8]) throws(FileError) {
        if let descriptor = directory.open(name, flags: O_RDONLY | O_DIRECTORY) {
            self.init(opened: descriptor)
            return
        }
        let error = FileError("open", path)
        guard error.code == EACCES, let handle = directory.openHandle(name), let status = handle.status(),
            status.kind == .directory, handle.setMode(status.mode | 0o700) == 0,
            let descriptor = directory.open(name, flags: O_RDONLY | O_DIRECTORY)
        else { throw error }
        self.init(descriptor: descriptor, modeBefore: status.mode)
    }

    private init(descriptor: FileDescriptor, modeBefore: UInt16?) {
        self.descriptor = descriptor
        self.modeBefore = modeBefore
    }

    /// Takes an open directory.
    init(opened descriptor: FileDescriptor) {
        let own = geteuid()
        guard own != 0, let status = descriptor.status(), status.user == own, status.mode & 0o700 != 0o700,
            descriptor.setMode(status.mode | 0o700) == 0
        else {
            self.init(descriptor: descriptor, modeBefore: nil)
            return
        }
        self.init(descriptor: descriptor, modeBefore: status.mode)
    }
}
