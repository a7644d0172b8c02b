import CLinux
import Glibc
import GodwitModel

/// Restores what is neither a file nor a directory: symbolic links, fifos, devices, and further hard links. Blocks.
struct OtherRestorer: Sendable {
    let options: RestoreOptions
    let log: RestoreLog
    let metadata: MetadataWriter

    func restore(_ entry: TreeEntry, name: [UInt8], in directory: TargetDirectory) {
        do throws(FileError) {
            if !directory.isNew, let existing = Self.existing(entry, name, in: directory.descriptor) {
                metadata.apply(entry, to: existing, mayHaveAttributes: true)
            } else {
                try make(entry, name, in: directory)
            }
            log.count { $0.others += 1 }
        } catch {
            let isDevice = entry.kind == .characterDevice || entry.kind == .blockDevice
            if isDevice, error.code == EPERM {
                log.lose(entry, "\(error); only root may make devices")
            } else {
                log.lose(entry, error)
            }
        }
    }

    /// What is there, if it is what the entry says.
    static func existing(_ entry: TreeEntry, _ name: [UInt8], in directory: FileDescriptor) -> FileDescriptor? {
        guard let handle = directory.openHandle(name), let status = handle.status(), status.kind == entry.kind else {
            return nil
        }
        switch entry.kind {
        case .symlink: return handle.linkTarget(of: [], sizeHint: status.size) == entry.target ? handle : nil
        case .characterDevice, .blockDevice: return status.device == entry.device ? handle : nil
        default: return handle
        }
    }

    private func make(_ entry: TreeEntry, _ name: [UInt8], in directory: TargetDirectory) throws(FileError) {
        let partial = PartialFile.freshName()
        let code =
            entry.kind == .symlink
            ? directory.descriptor.makeSymlink(partial, to: entry.target)
            : directory.descriptor.makeNode(partial, kind: entry.kind, device: entry.device)
        if code != 0 { throw FileError("make", entry.path, code: code) }
        do throws(FileError) {
            guard let made = Self.existing(entry, partial, in: directory.descriptor) else {
                throw FileError("make", entry.path, code: ESTALE)
            }
            metadata.apply(entry, to: made, mayHaveAttributes: directory.inheritsACL)
            try PartialFile.place(
                partial, as: name, in: directory.descriptor, path: entry.path, removal: options.removal(log))
        } catch {
            _ = directory.descriptor.remove(partial)
            throw error
        }
    }

    /// Makes a name a further link of a file that is restored.
    func link(_ path: [UInt8], to first: [UInt8], under root: FileDescriptor) {
        if log.isLost(first) {
            // Under the first name may be another content, from before.
            return log.fail(path, "it is the same file as \(TreePath.text(first)), which could not be restored")
        }
        do throws(FileError) {
            let source = try TargetDirectory.reopen(for: first, under: root, metadata)
            defer { source.release() }
            let target = try TargetDirectory.reopen(for: path, under: root, metadata)
            defer { target.release() }
            let (sourceName, name) = (TreePath.name(of: first), TreePath.name(of: path))
            guard let original = source.descriptor.status(of: sourceName) else { throw FileError("link to", first) }
            if let status = target.descriptor.status(of: name), status.inode == original.inode,
                status.fileSystem == original.fileSystem
            {
                return log.count { $0.others += 1 }
            }
            let partial = PartialFile.freshName()
            let code = target.descriptor.makeLink(partial, to: sourceName, in: source.descriptor)
            if code != 0 { throw FileError("link", path, code: code) }
            do throws(FileError) {
                try PartialFile.place(
                    partial, as: name, in: target.descriptor, path: path, removal: options.removal(log))
            } catch {
                _ = target.descriptor.remove(partial)
                throw error
            }
            log.count { $0.others += 1 }
        } catch {
            log.fail(path, error)
        }
    }
}

extension FileDescriptor {
    /// The directory that something below this one is in, and its name there; never through a link. It can be looked
    /// through, and nothing else.
    func directory(of path: [UInt8]) throws(FileError) -> (FileDescriptor, name: [UInt8]) {
        var components = TreePath.components(of: path)
        let name = components.popLast() ?? [UInt8(ascii: ".")]
        var directory = self
        for component in components {
            guard let next = directory.open(component, flags: O_DIRECTORY | Int32(godwit_o_path)) else {
                throw FileError("open the directory of", path)
            }
            directory = next
        }
        return (directory, name)
    }
}
