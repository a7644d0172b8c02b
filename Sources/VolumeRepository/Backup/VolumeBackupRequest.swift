public import Foundation
import Streams

/// What is to be backed up, and under which name.
public struct VolumeBackupRequest: Sendable {
    /// Which volume the snapshot is of.
    public var volume: Snapshot.Volume
    /// The directory where the volume can be read now.
    public var root: String
    /// What the walk leaves out.
    public var walk = WalkOptions()
    /// Whether files that did not change since the volume's latest snapshot are taken from there without reading.
    public var usesPrevious = true
    /// The machine's name.
    public var host: String
    /// The backup that the snapshot belongs to.
    public var backup: String?
    /// What the user calls it.
    public var tags: [String] = []
    /// Labels, as Kubernetes' objects have.
    public var labels: [String: String] = [:]
    /// When the snapshot may be forgotten.
    public var expires: Date?
    /// The moment that the files are of, where the volume is a snapshot: a later change may be missing without a newer
    /// time. Nil for the moment in which the reading begins.
    public var started: Date?
    /// The version of the program.
    public var godwitVersion: String

    /// A request; what has a default is set afterwards.
    public init(volume: Snapshot.Volume, root: String, host: String, godwitVersion: String) {
        self.volume = volume
        self.root = root
        self.host = host
        self.godwitVersion = godwitVersion
    }
}

extension Repository {
    /// Takes a snapshot of a volume.
    ///
    /// - Parameters:
    ///   - request: what, and under which name.
    ///   - writer: of this repository; it is not closed, so that several volumes can go through one.
    ///   - history: what there was before, where several volumes share it; nil to read it.
    ///   - observer: hears of progress and problems.
    /// - Returns: the snapshot, and what was found. Entries that could not be read are counted there.
    /// - Throws: ``FileError`` when the root cannot be opened, ``RepositoryError``, or the store's error. Then there is no
    ///   snapshot.
    public func backUp(
        _ request: VolumeBackupRequest, with writer: RepositoryWriter, after history: VolumeHistory? = nil,
        observer: VolumeBackup.Observer
    ) async throws -> (snapshot: StoredSnapshot, summary: VolumeBackupSummary) {
        guard history == nil, request.usesPrevious else {
            return try await backUp(request, with: writer, history, observer)
        }
        let own = try await self.history(of: request.volume)
        do {
            let result = try await backUp(request, with: writer, own, observer)
            await own.close()
            return result
        } catch {
            await own.close()
            throw error
        }
    }

    private func backUp(
        _ request: VolumeBackupRequest, with writer: RepositoryWriter, _ history: VolumeHistory?,
        _ observer: VolumeBackup.Observer
    ) async throws -> (snapshot: StoredSnapshot, summary: VolumeBackupSummary) {
        raiseOpenFileLimit()
        let started = request.started ?? Date()
        let walk = try await BlockingPool.shared.run { try VolumeWalk(root: request.root, options: request.walk) }
        let parent = request.usesPrevious ? history?.snapshot(of: request.volume) : nil
        let summary = try await read(
            walk, parent: parent, from: history?.reader, into: writer, isFrozen: request.walk.isFrozen, observer)
        var snapshot = Snapshot(
            volume: request.volume, started: started, ended: Date(), host: request.host,
            path: request.root, tree: summary.tree, treeBytes: summary.treeBytes)
        snapshot.backup = request.backup
        snapshot.tags = request.tags
        snapshot.labels = request.labels
        snapshot.parent = parent?.id
        snapshot.expires = request.expires
        snapshot.godwitVersion = request.godwitVersion
        snapshot.totals = summary.totals
        return (try await writer.commit(snapshot), summary)
    }

    private func read(
        _ walk: VolumeWalk, parent: StoredSnapshot?, from reader: RepositoryReader?, into writer: RepositoryWriter,
        isFrozen: Bool, _ observer: VolumeBackup.Observer
    ) async throws -> VolumeBackupSummary {
        var previous: PreviousSnapshot?
        if let parent, let reader { previous = PreviousSnapshot(parent.snapshot, from: reader) }
        let backup = VolumeBackup(
            storage: writer, chunkerSeed: chunkerSeed, cores: ProcessInfo.processInfo.activeProcessorCount)
        return try await backup.run(walking: walk, previous: previous, isFrozen: isFrozen, observer: observer)
    }
}

extension VolumeBackupSummary {
    fileprivate var totals: Snapshot.Totals {
        var totals = Snapshot.Totals()
        totals.files = Int64(files)
        totals.directories = Int64(directories)
        totals.others = Int64(others)
        totals.bytes = bytes
        totals.newBytes = newBytes
        totals.storedBytes = contentBytesStored + treeBytesStored
        totals.skipped = Int64(skipped)
        totals.errors = Int64(problems)
        return totals
    }
}
