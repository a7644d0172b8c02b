import Foundation
import Glibc
public import GodwitModel
public import GodwitPluginAPI
import Streams

/// Snapshots of `local` and `hostPath` volumes that are on a btrfs file system of this machine.
///
/// A snapshot is of one moment for the whole volume, as after a power cut (crash-consistent), takes no time and at first
/// no room. It is on the same disks as the volume: its worth is that a backup can read it while the volume changes
/// (`--snapshot-move-data`), or that a mistake can be undone; it is no second copy.
///
/// The id of a volume is its path. A volume that is a directory inside a subvolume is restored as a subvolume of its own,
/// by a copy that shares the data.
public final class BtrfsSnapshotter: SnapshotInspection {
    /// The file system in words.
    public let description: String
    let folder: SnapshotFolder
    private let filesystem: [UInt8]
    private let node: String
    private let volumes: String?
    private let takesAnyHostPath: Bool

    /// A snapshotter that keeps snapshots in a directory, which is made with the first snapshot if its parent is there.
    ///
    /// - Parameters:
    ///   - node: the name of this machine as a node.
    ///   - volumes: where restored volumes are made; nil for beside the original.
    ///   - takesAnyHostPath: hostPath volumes that name no node are this machine's.
    /// - Throws: `BtrfsError`.
    init(directory: String, node: String, volumes: String?, takesAnyHostPath: Bool) throws {
        let isThere = access(directory, F_OK) == 0 || errno != ENOENT
        let existing = isThere ? directory : (directory as NSString).deletingLastPathComponent
        filesystem = try BtrfsDirectory(existing).filesystem
        folder = SnapshotFolder(path: directory)
        description = "btrfs at \(directory)"
        self.node = node
        self.volumes = volumes
        self.takesAnyHostPath = takesAnyHostPath
    }

    /// The id of the file system.
    public var place: String { filesystem.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// The path of a volume of this machine and file system.
    public func volumeID(of persistentVolume: KubernetesObject) async throws -> String? {
        guard let reference = PathReference(persistentVolume), isHere(reference) else { return nil }
        return try await BlockingPool.shared.run { [self] in
            do {
                return try directory(reference.path, "look at") == nil ? nil : reference.path
            } catch let error as BtrfsError where [EACCES, EPERM].contains(error.code) {
                throw self.error(.accessDenied, "look at volume '\(reference.path)'", error.description)
            }
        }
    }

    /// Puts another path into a PersistentVolume.
    public func setVolumeID(_ id: String, of persistentVolume: KubernetesObject) async throws -> KubernetesObject {
        let operation = "put volume '\(id.printable)' behind '\(persistentVolume.name.printable)'"
        guard var reference = PathReference(persistentVolume) else {
            throw error(.invalidConfiguration, operation, "it is neither a local nor a hostPath volume")
        }
        guard PathReference.isPath(id) else { throw error(.notFound, operation, "that is no absolute path") }
        reference.path = id
        return reference.applied(to: persistentVolume)
    }

    /// A volume of btrfs has no properties to be chosen.
    public func volumeInfo(_ id: String, zone: String?) async throws -> VolumeInfo {
        try await run("look at volume '\(id.printable)'") { [self] operation in
            _ = try requireVolume(id, operation)
            return VolumeInfo()
        }
    }

    /// Takes a read-only snapshot of the subvolume that a volume is in.
    public func createSnapshot(of volumeID: String, zone: String?, tags: [String: String]) async throws -> String {
        try Task.checkCancellation()
        let id = try await run("snapshot volume '\(volumeID.printable)'") { [self] operation in
            let volume = try requireVolume(volumeID, operation)
            for nested in try volume.subvolumesBelow() where !isOurs("\(volume.path)/\(nested)") {
                throw error(
                    .invalidConfiguration, operation,
                    "it holds the subvolume '\(nested.printable)', of which a snapshot would have nothing")
            }
            let (subvolume, inside) = try subvolume(of: volume)
            guard subvolume.device == volume.device else { throw mounted(operation) }
            let entry = SnapshotFolder.Entry(volume: volumeID, inside: inside, tags: tags, taken: Date())
            return try folder.add(subvolume, entry) { content in
                try requireVolume(volume, at: inside.isEmpty ? content : "\(content)/\(inside)", operation)
            }
        }
        guard Task.isCancelled else { return id }
        // Nobody will know its id.
        try await Task { try await deleteSnapshot(id) }.value
        throw CancellationError()
    }

    /// Makes a volume of a snapshot: a subvolume that shares its data.
    public func createVolume(from snapshotID: String, like info: VolumeInfo, zone: String?) async throws -> String {
        let operation = "make a volume of snapshot '\(snapshotID.printable)'"
        let (entry, target) = try await run(operation) { [self] operation in
            let entry = try requireEntry(snapshotID, operation)
            return (entry, try makeTarget(for: entry))
        }
        do {
            if entry.inside.isEmpty {
                try await run(operation) { [folder] _ in
                    try BtrfsDirectory(folder.content(snapshotID)).snapshot(
                        in: BtrfsDirectory(target.parent), as: target.name, readOnly: false)
                }
            } else {
                try await run(operation) { _ in try BtrfsDirectory(target.parent).makeSubvolume(target.name) }
                let source = "\(folder.content(snapshotID))/\(entry.inside)"
                do {
                    try await SharedCopy(from: source, to: target.path).run()
                } catch let failure as SharedCopy.Failure {
                    throw error(.other(code: "copy"), operation, failure.reason)
                }
            }
            try Task.checkCancellation()
            return target.path
        } catch {
            throw await removing(target, after: error, operation)
        }
    }

    /// Deletes a snapshot.
    public func deleteSnapshot(_ id: String) async throws {
        try await run("delete snapshot '\(id.printable)'") { [folder] _ in try folder.remove(id) }
    }

    /// Whether a snapshot is there.
    public func exists(_ snapshotID: String) async throws -> Bool {
        try await run("look for snapshot '\(snapshotID.printable)'") { [folder] _ in try folder.entry(snapshotID) != nil
        }
    }

    /// The volume as it was.
    public func directory(of snapshotID: String) async throws -> String? {
        try await run("look for snapshot '\(snapshotID.printable)'") { [self] operation in
            let entry = try requireEntry(snapshotID, operation)
            return entry.inside.isEmpty ? folder.content(snapshotID) : "\(folder.content(snapshotID))/\(entry.inside)"
        }
    }
}

extension BtrfsSnapshotter {
    private func isHere(_ reference: PathReference) -> Bool {
        reference.nodes.isEmpty ? takesAnyHostPath && reference.isHostPath : reference.nodes.contains(node)
    }

    /// A directory of this file system; nil for what is none, or is elsewhere.
    private func directory(_ path: String, _ action: String) throws -> BtrfsDirectory? {
        do {
            let directory = try BtrfsDirectory(path)
            return directory.filesystem == filesystem ? directory : nil
        } catch  where [ENOENT, ENOTDIR, ENOTTY, EINVAL, ELOOP, ENAMETOOLONG].contains(error.code) {
            return nil
        }
    }

    private func requireVolume(_ id: String, _ operation: String) throws -> BtrfsDirectory {
        guard PathReference.isPath(id), let directory = try directory(id, operation) else {
            throw error(.notFound, operation, "there is no such directory on this file system")
        }
        return directory
    }

    /// A volume may be mounted where it is looked for: what is below its path in the subvolume above is then something
    /// else, mostly an empty directory.
    private func requireVolume(_ volume: BtrfsDirectory, at path: String, _ operation: String) throws {
        guard let found = try directory(path, operation), found.inode == volume.inode else {
            throw mounted(operation)
        }
    }

    private func mounted(_ operation: String) -> VolumeSnapshotError {
        error(
            .invalidConfiguration, operation,
            "it is a bind mount, and a snapshot would not have its files; name the path of what is mounted there")
    }

    private func requireEntry(_ id: String, _ operation: String) throws -> SnapshotFolder.Entry {
        guard let entry = try folder.entry(id) else {
            throw error(.notFound, operation, "it is not in '\(folder.path)'")
        }
        return entry
    }

    /// The subvolume that a directory is in, and the directory's path in it.
    private func subvolume(of volume: BtrfsDirectory) throws -> (BtrfsDirectory, inside: String) {
        if volume.isSubvolume { return (volume, "") }
        let whole = URL(fileURLWithPath: volume.path).resolvingSymlinksInPath().path
        var (path, inside) = (whole, [String]())
        while path != "/" {
            inside.insert((path as NSString).lastPathComponent, at: 0)
            path = (path as NSString).deletingLastPathComponent
            let above = try BtrfsDirectory(path)
            if above.isSubvolume { return (above, inside.joined(separator: "/")) }
        }
        throw BtrfsError("find the subvolume of", volume.path, ENOENT)
    }

    /// Our own snapshots may be kept inside a volume.
    private func isOurs(_ path: String) -> Bool { path.hasPrefix(folder.path + "/") }

    private func makeTarget(
        for entry: SnapshotFolder.Entry
    ) throws -> (path: String, parent: String, name: String) {
        let original = entry.volume as NSString
        let parent = volumes ?? original.deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        let name = "\(original.lastPathComponent.prefix(200))-\(UUID().uuidString.prefix(8).lowercased())"
        return ("\(parent)/\(name)", parent, name)
    }

    /// Removes a volume that a failed call has begun to make, also in a cancelled task.
    ///
    /// - Returns: the error of the call, which says so if the volume stays behind.
    private func removing(
        _ target: (path: String, parent: String, name: String), after failure: any Error, _ operation: String
    ) async -> any Error {
        let removal = Task {
            try await run(operation) { _ in try BtrfsDirectory(target.parent).removeSubvolume(target.name) }
        }
        guard case .failure(let second) = await removal.result else { return failure }
        return translated(LeftBehind(cause: failure, what: "'\(target.path)'", why: "\(second)"), operation)
    }

    /// Runs what may block, and turns its errors into ours.
    private func run<Value: Sendable>(
        _ operation: String, _ work: @escaping @Sendable (String) throws -> Value
    ) async throws -> Value {
        do {
            return try await BlockingPool.shared.run { try work(operation) }
        } catch {
            throw translated(error, operation)
        }
    }

    /// A failure in the words of the protocol.
    private func translated(_ failure: any Error, _ operation: String) -> any Error {
        switch failure {
        case let failure as BtrfsError:
            let kind: VolumeSnapshotError.Kind =
                switch failure.code {
                case EACCES, EPERM: .accessDenied
                case ENOSPC, EDQUOT: .outOfSpace
                case EXDEV, ENOTTY, EROFS: .invalidConfiguration
                default: .other(code: String(cString: strerror(failure.code)))
                }
            return error(kind, operation, failure.description)
        case let failure as CocoaError:
            return error(.other(code: "file"), operation, failure.localizedDescription)
        case let failure as LeftBehind:
            let cause = translated(failure.cause, operation)
            let first = cause as? VolumeSnapshotError ?? error(.other(code: "interrupted"), operation, "\(cause)")
            let remains = "\(failure.what) stays behind: \(failure.why)"
            return error(first.kind, operation, [first.reason, remains].compactMap(\.self).joined(separator: "; "))
        default: return failure
        }
    }

    private func error(
        _ kind: VolumeSnapshotError.Kind, _ operation: String, _ reason: String?
    ) -> VolumeSnapshotError {
        VolumeSnapshotError(kind, operation: operation, storage: description, reason: reason)
    }
}
