import Glibc
import GodwitModel

/// Restores what is neither a file nor a directory: symbolic links, fifos, devices, and further hard links. Blocks.
struct OtherRestorer: Sendable {
    let log: RestoreLog
    let metadata: MetadataWriter

    func restore(_ entry: TreeEntry, name: [UInt8], in directory: TargetDirectory) {
        do throws(FileError) {
            if !directory.isNew, isThere(entry, name, in: directory.descriptor) {
                metadata.apply(entry, to: name, in: directory.descriptor, file: nil, mayHaveAttributes: true)
            } else {
                try make(entry, name, in: directory)
            }
            log.count { $0.others += 1 }
        } catch {
            if error.code == EPERM, entry.kind != .symlink {
                log.fail(entry.path, "\(error); only root may make devices")
            } else {
                log.fail(entry.path, error)
            }
        }
    }

    private func isThere(_ entry: TreeEntry, _ name: [UInt8], in directory: FileDescriptor) -> Bool {
        guard let status = directory.status(of: name), status.kind == entry.kind else { return false }
        switch entry.kind {
        case .symlink: return directory.linkTarget(of: name, sizeHint: status.size) == entry.target
        case .characterDevice, .blockDevice: return status.device == entry.device
        default: return true
        }
    }

    private func make(_ entry: TreeEntry, _ name: [UInt8], in directory: TargetDirectory) throws(FileError) {
        let partial = PartialFile.freshName()
        let code =
            entry.kind == .symlink
            ? directory.descriptor.makeSymlink(partial, to: entry.target)
            : directory.descriptor.makeNode(partial, kind: entry.kind, device: entry.device)
        if code != 0 { throw FileError("make", entry.path, code: code) }
        metadata.apply(
            entry, to: partial, in: directory.descriptor, file: nil, mayHaveAttributes: directory.inheritsACL)
        do throws(FileError) {
            try PartialFile.place(partial, as: name, in: directory.descriptor, path: entry.path)
        } catch {
            _ = directory.descriptor.remove(partial)
            throw error
        }
    }

    /// Makes a name a further link of a file that is restored.
    func link(_ path: [UInt8], to first: [UInt8], under root: FileDescriptor) {
        do throws(FileError) {
            let (source, sourceName) = try root.directory(of: first)
            let (target, name) = try root.directory(of: path)
            guard let original = source.status(of: sourceName) else { throw FileError("link to", first) }
            if let status = target.status(of: name), status.inode == original.inode,
                status.fileSystem == original.fileSystem
            {
                return log.count { $0.others += 1 }
            }
            let time = target.status()?.modified
            let partial = PartialFile.freshName()
            let code = target.makeLink(partial, to: sourceName, in: source)
            if code != 0 { throw FileError("link", path, code: code) }
            do throws(FileError) {
                try PartialFile.place(partial, as: name, in: target, path: path)
            } catch {
                _ = target.remove(partial)
                throw error
            }
            // The directory was finished before.
            if let time { _ = target.setTime(time, of: [UInt8(ascii: ".")]) }
            log.count { $0.others += 1 }
        } catch {
            log.fail(path, error)
        }
    }
}

extension FileDescriptor {
    /// The directory that something below this one is in, and its name there; never through a link.
    func directory(of path: [UInt8]) throws(FileError) -> (FileDescriptor, name: [UInt8]) {
        var components = TreePath.components(of: path)
        let name = components.popLast() ?? [UInt8(ascii: ".")]
        var directory = self
        for component in components {
            guard let next = directory.open(component, flags: O_RDONLY | O_DIRECTORY) else {
                throw FileError("open the directory of", path)
            }
            directory = next
        }
        return (directory, name)
    }
}
