import Glibc
import Synchronization

/// A directory of the target while things are restored into it.
///
/// It gets its owner, mode and times when it was left and the last file in it is written, because writing into it
/// changes its time and needs its permission. Its own directory is told then. So memory holds the directories on the
/// way to the current one, and those of files on their way.
final class TargetDirectory: Sendable {
    /// What the snapshot says of it; nil for a directory that is only on the way to what is restored.
    let entry: TreeEntry?
    let path: [UInt8]
    let descriptor: FileDescriptor
    /// Whether this restore made it, so that nothing can be in the way of what goes into it.
    let isNew: Bool
    /// Whether what is made in it inherits an ACL that its entry may not have.
    let inheritsACL: Bool
    private let parent: TargetDirectory?
    private let metadata: MetadataWriter
    private let time: TreeEntry.Time?
    /// What keeps it from being finished: the walk that has not left it, and what is restored into it.
    private let holds = Mutex(1)

    init(
        entry: TreeEntry?, path: [UInt8], descriptor: FileDescriptor, isNew: Bool, parent: TargetDirectory?,
        metadata: MetadataWriter, time: TreeEntry.Time? = nil
    ) {
        self.time = time
        self.entry = entry
        self.path = path
        self.descriptor = descriptor
        self.isNew = isNew
        inheritsACL = descriptor.hasDefaultACL()
        self.parent = parent
        self.metadata = metadata
        parent?.hold()
    }

    /// A directory that was finished before, and gets its time again when one more file is in it.
    convenience init(restoringTimeOf descriptor: FileDescriptor, path: [UInt8], _ metadata: MetadataWriter) {
        self.init(
            entry: nil, path: path, descriptor: descriptor, isNew: false, parent: nil, metadata: metadata,
            time: descriptor.status()?.modified)
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
        if let entry {
            metadata.apply(
                entry, to: [UInt8(ascii: ".")], in: descriptor, file: descriptor, mayHaveAttributes: true)
        } else if let time {
            _ = descriptor.setTime(time, of: [UInt8(ascii: ".")])
        }
        parent?.release()
    }
}
