import GodwitModel
import GodwitPluginAPI
import Synchronization

/// One promise of ``VolumeSnapshotter`` and how it is checked.
public struct SnapshotterCheck: Sendable {
    /// A short name, stable: `snapshot.outlives`.
    public let name: String
    /// The promise in a sentence.
    public let promise: String
    private let body: @Sendable (SnapshotterRun) async throws -> Void

    init(_ name: String, _ promise: String, _ body: @escaping @Sendable (SnapshotterRun) async throws -> Void) {
        self.name = name
        self.promise = promise
        self.body = body
    }

    /// Runs the check and removes the volumes and snapshots that it made.
    public func run(_ subject: SnapshotterSubject) async -> ContractOutcome { await result(subject).outcome }

    /// Runs the check, removes what it made, and says what of that it could not remove.
    public func result(_ subject: SnapshotterSubject) async -> ContractResult {
        let run: SnapshotterRun
        do {
            run = SnapshotterRun(subject, try await subject.open())
        } catch {
            return ContractResult(
                name: name, promise: promise, outcome: .failed(why: "the snapshotter could not be opened: \(error)"))
        }
        var outcome = await outcome(of: run)
        // Also when the task was cancelled.
        let left = await Task { await run.cleanUp() }.value
        if outcome == .held, let error = left.error { outcome = .failed(why: "cleaning up: \(error)") }
        return ContractResult(name: name, promise: promise, outcome: outcome, remains: left.remains)
    }

    private func outcome(of run: SnapshotterRun) async -> ContractOutcome {
        do {
            try await body(run)
            return .held
        } catch let skip as ContractSkip {
            return .skipped(why: skip.why)
        } catch let violation as ContractViolation {
            return .failed(why: violation.why)
        } catch {
            return .failed(why: "unexpected error: \(error)")
        }
    }
}

/// One run of one check: it remembers what it made.
final class SnapshotterRun: Sendable {
    let subject: SnapshotterSubject
    let snapshotter: any VolumeSnapshotter
    private let made = Mutex<(volumes: [String], snapshots: [String])>(([], []))

    init(_ subject: SnapshotterSubject, _ snapshotter: any VolumeSnapshotter) {
        self.subject = subject
        self.snapshotter = snapshotter
    }

    /// The id of a volume: a new one, or that which was given.
    func volume(holding text: String? = nil) async throws -> String {
        guard case .given(let id, _) = subject.volumes else { return try await boundVolume(holding: text).id }
        return id
    }

    /// A volume with its PersistentVolume.
    func boundVolume(holding text: String? = nil) async throws -> (id: String, object: KubernetesObject) {
        let object: KubernetesObject
        switch subject.volumes {
        case .none: throw ContractSkip(why: "it needs a volume, and none was given")
        case .given(_, nil): throw ContractSkip(why: "it needs a PersistentVolume, and none was given")
        case .given(let id, let given?): return (id, given)
        case .made(let make, _): object = try await make()
        }
        guard let id = try await snapshotter.volumeID(of: object), !id.isEmpty else {
            throw ContractViolation(why: "the volume of '\(object.name)' is not recognised")
        }
        made.withLock { $0.volumes.append(id) }
        if let text { try await write(text, id) }
        return (id, object)
    }

    /// A second volume: a new one, or one made of a snapshot of that which was given.
    func otherVolume(than id: String) async throws -> String {
        guard case .given = subject.volumes else { return try await volume() }
        return try await volume(from: try await snapshot(of: id), like: id)
    }

    /// The id of a snapshot that does not exist.
    func missingSnapshot() async throws -> String {
        if let known = subject.missingSnapshot { return known }
        let id = try await snapshot(of: try await volume())
        try await snapshotter.deleteSnapshot(id)
        return id
    }

    /// A snapshot, by whose tags it can be found should it be left behind.
    func snapshot(
        of volume: String, tags: [String: String] = ["velero.io/backup": "godwit-plugin-test"]
    ) async throws -> String {
        let id = try await snapshotter.createSnapshot(of: volume, zone: subject.zone, tags: tags)
        made.withLock { $0.snapshots.append(id) }
        try require(!id.isEmpty, "the id of a snapshot is empty")
        return id
    }

    func volume(from snapshot: String, like original: String) async throws -> String {
        let info = try await snapshotter.volumeInfo(original, zone: subject.zone)
        return try await volume(from: snapshot, info)
    }

    func volume(from snapshot: String, _ info: VolumeInfo) async throws -> String {
        let id = try await snapshotter.createVolume(from: snapshot, like: info, zone: subject.zone)
        made.withLock { $0.volumes.append(id) }
        try require(!id.isEmpty, "the id of a volume is empty")
        return id
    }

    func removeVolume(_ id: String) async throws {
        guard case .made(_, let remove) = subject.volumes else {
            throw ContractSkip(why: "it would have to remove the volume")
        }
        try await remove(id)
        made.withLock { $0.volumes.removeAll { $0 == id } }
    }

    func write(_ text: String, _ volume: String) async throws { try await subject.content?.write(text, volume) }

    /// Throws a violation unless a volume holds a text, where that can be seen.
    func requireContent(_ text: String, of volume: String, _ what: String) async throws {
        guard let content = subject.content else { return }
        let found = try await content.read(volume)
        try require(found == text, "\(what) holds '\(found)' and not '\(text)'")
    }

    func require(_ condition: Bool, _ why: @autoclosure () -> String) throws {
        if !condition { throw ContractViolation(why: why()) }
    }

    /// Throws a violation unless the body throws an error of a kind.
    func requireError(
        _ kind: VolumeSnapshotError.Kind, _ what: String, _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let error as VolumeSnapshotError {
            try require(error.kind == kind, "\(what) throws \(error.kind) and not \(kind): \(error)")
            return
        }
        throw ContractViolation(why: "\(what) does not throw \(kind)")
    }

    /// Removes what was made, one after the other whatever becomes of the others.
    ///
    /// - Returns: what could not be removed, and the first reason, unless it is that nobody can.
    func cleanUp() async -> (remains: [String], error: (any Error)?) {
        let (volumes, snapshots) = made.withLock { $0 }
        var remains: [String] = []
        var first: (any Error)?
        for id in snapshots {
            do { try await snapshotter.deleteSnapshot(id) } catch {
                first = first ?? error
                remains.append("snapshot \(id)")
            }
        }
        for id in volumes {
            guard case .made(_, let remove) = subject.volumes else {
                remains.append("volume \(id)")
                continue
            }
            do { try await remove(id) } catch {
                first = first ?? error
                remains.append("volume \(id)")
            }
        }
        return (remains, first)
    }
}
