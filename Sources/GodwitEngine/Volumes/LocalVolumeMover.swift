import Foundation
public import GodwitModel
import Streams
public import VolumeRepository

/// Reads and writes the volumes that this machine can reach.
///
/// The repository is opened, and made where there is none, when the first volume needs it: a backup without volumes
/// leaves no repository behind. All volumes of a run go through one writer, one after the other; each is read on all
/// cores.
public final class LocalVolumeMover: VolumeDataMover {
    private let places: VolumePlaces
    private let session: RepositorySession
    private let host: String
    private let version: String

    /// A mover between this machine and a repository.
    ///
    /// - Parameters:
    ///   - places: where volumes are.
    ///   - host: the machine's name, for the snapshots.
    ///   - version: the program's, for the snapshots.
    ///   - open: opens the repository; with `true` it makes one where there is none.
    public init(
        places: VolumePlaces, host: String, version: String,
        open: @escaping @Sendable (_ creating: Bool) async throws -> Repository
    ) {
        self.places = places
        self.host = host
        self.version = version
        session = RepositorySession(open: open)
    }

    /// Opens the repository if there is one, so that a wrong password is found out before any work is done.
    ///
    /// - Throws: `RepositoryError`, the store's errors.
    public func prepare() async throws {
        do {
            _ = try await session.repository(creating: false)
        } catch let error as RepositoryError where error.kind == .noRepository {
            // The first volume makes it.
        }
    }

    /// This machine, where the kubelet's root is known.
    public var mountingNode: String? { places.kubeletRoot == nil ? nil : places.node }

    /// Whether the volume has a directory on this machine.
    public func reach(toBackUp volume: ClaimedVolume) async throws -> VolumeReach {
        try await BlockingPool.shared.run { [places] in try places.reach(toBackUp: volume) }
    }

    /// Whether the volume has, or may get, a directory on this machine.
    public func reach(toRestore volume: ClaimedVolume) async throws -> VolumeReach {
        try await BlockingPool.shared.run { [places] in try places.reach(toRestore: volume) }
    }

    /// Reads the volume's directory into the repository.
    ///
    /// - Throws: ``VolumeDataError``, `FileError`, `RepositoryError`, the store's errors.
    public func backUp(
        _ volume: ClaimedVolume, _ order: VolumeBackupOrder, observer: VolumeObserver
    ) async throws -> (data: VolumeRecord.Data, changing: Int) {
        let path =
            if let directory = order.directory { directory } else {
                try await path(reach(toBackUp: volume), of: volume)
            }
        let (repository, writer, history) = try await session.writer()
        var request = VolumeBackupRequest(volume: volume.claim, root: path, host: host, godwitVersion: version)
        request.backup = order.backup
        request.expires = order.expires
        request.started = order.started
        request.walk.isFrozen = order.directory != nil
        let result: (snapshot: StoredSnapshot, summary: VolumeBackupSummary)
        do {
            result = try await repository.backUp(
                request, with: writer, after: history, observer: .telling(observer))
        } catch let error as FileError {
            // The directory cannot be read; the writer has not been touched.
            throw error
        } catch {
            await session.discardWriter()
            throw error
        }
        let (id, snapshot) = (result.snapshot.id, result.snapshot.snapshot)
        var data = VolumeRecord.Data(repository: repository.configuration.id, snapshot: id.description)
        data.path = path
        data.totals = snapshot.totals
        data.started = snapshot.started
        data.ended = snapshot.ended
        return (data, result.summary.changing)
    }

    /// Fills the volume's directory, which is made where a kubelet would make it.
    ///
    /// - Throws: ``VolumeDataError``, `FileError`, `RepositoryError`, `TreeError`, the store's errors.
    public func restore(
        _ volume: ClaimedVolume, from data: VolumeRecord.Data, _ order: VolumeRestoreOrder, observer: VolumeObserver
    ) async throws -> VolumeRestoreResult {
        let path = try await path(reach(toRestore: volume), of: volume)
        let (repository, reader) = try await session.reader()
        guard repository.configuration.id == data.repository else {
            throw VolumeDataError(
                "its data is in the repository \(data.repository.prefix(8)), and the one here is "
                    + "\(repository.configuration.id.prefix(8))",
                advice: "restore from the location that the backup was made in")
        }
        let stored = try await repository.snapshot(matching: data.snapshot)
        var options = RestoreOptions()
        options.extra = order.deletesExtra ? .delete : .keep
        let restorer = Restorer(
            chunks: stored.snapshot.tree, from: reader, options: options,
            observer: Restorer.Observer(
                progress: { report in
                    let entries = report.filesWritten + report.filesUnchanged + report.directories + report.others
                    observer.progress(entries, report.bytesWritten)
                },
                failure: { failure in
                    observer.remark(.error, String(decoding: failure.path, as: UTF8.self), failure.reason)
                }))
        try await BlockingPool.shared.run { try Self.makeParent(of: path) }
        let report = try await restorer.restore(to: path)
        var result = VolumeRestoreResult()
        result.path = path
        result.filesWritten = report.filesWritten
        result.filesUnchanged = report.filesUnchanged
        result.bytes = report.bytesWritten
        result.removed = report.removed
        result.failures = report.failureCount
        if order.verifies {
            let proof = try await restorer.readBack(from: path)
            result.verified = proof.filesVerified
            result.failures += proof.failureCount
        }
        return result
    }

    /// Removes snapshots from the repository.
    public func forget(snapshots: [String]) async throws {
        guard !snapshots.isEmpty else { return }
        let repository = try await session.repository(creating: false)
        try await repository.forget(try snapshots.map { try SnapshotID.require($0) })
    }

    /// Gives up the locks of the writer and the reader.
    public func close() async { await session.close() }

    private func path(_ reach: VolumeReach, of volume: ClaimedVolume) throws -> String {
        switch reach {
        case .reachable(let path, _): return path
        case .unreachable(let reason): throw VolumeDataError(reason)
        }
    }

    /// The directories above belong to whoever restores; the restorer makes the volume's own, with owner and mode from the
    /// snapshot.
    private static func makeParent(of path: String) throws {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        } catch {
            throw VolumeDataError("the directory \(parent) cannot be made: \(error.localizedDescription)")
        }
    }
}

extension SnapshotID {
    fileprivate static func require(_ text: String) throws -> SnapshotID {
        guard let id = SnapshotID(text) else { throw VolumeDataError("'\(text)' is no id of a snapshot") }
        return id
    }
}

extension VolumeBackup.Observer {
    /// Passes everything on in the engine's words.
    fileprivate static func telling(_ observer: VolumeObserver) -> VolumeBackup.Observer {
        VolumeBackup.Observer(
            progress: { observer.progress($0.files + $0.directories + $0.others, $0.bytes) },
            problem: { problem in
                let level: LogLine.Level =
                    switch problem.severity {
                    case .missing, .incomplete: .error
                    case .changing: .warning
                    case .note: .info
                    }
                observer.remark(level, String(decoding: problem.path, as: UTF8.self), problem.reason)
            })
    }
}

/// The data of a volume cannot be moved.
public struct VolumeDataError: AdvisedError, Hashable {
    /// Why.
    public let summary: String
    /// What to do next.
    public let advice: String?
    /// The summary says it all.
    public var reason: String? { nil }

    init(_ summary: String, advice: String? = nil) {
        self.summary = summary
        self.advice = advice
    }
}
