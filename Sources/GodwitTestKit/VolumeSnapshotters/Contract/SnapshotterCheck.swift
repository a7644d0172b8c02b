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
    public func run(_ subject: SnapshotterSubject) async -> ContractOutcome {
        let run: SnapshotterRun
        do {
            run = SnapshotterRun(subject, try await subject.open())
        } catch {
            return .failed(why: "the snapshotter could not be opened: \(error)")
        }
        let result: ContractOutcome
        do {
            try await body(run)
            result = .held
        } catch let skip as ContractSkip {
            result = .skipped(why: skip.why)
        } catch let violation as ContractViolation {
            result = .failed(why: violation.why)
        } catch {
            result = .failed(why: "unexpected error: \(error)")
        }
        do {
            try await run.cleanUp()
            return result
        } catch {
            return result == .held ? .failed(why: "cleaning up: \(error)") : result
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

    /// A new volume.
    func volume(holding text: String? = nil) async throws -> (id: String, object: KubernetesObject) {
        let object = try await subject.makeVolume()
        guard let id = try await snapshotter.volumeID(of: object), !id.isEmpty else {
            throw ContractViolation(why: "the volume of '\(object.name)' is not recognised")
        }
        made.withLock { $0.volumes.append(id) }
        if let text { try await write(text, id) }
        return (id, object)
    }

    func snapshot(of volume: String, tags: [String: String] = [:]) async throws -> String {
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
        try await subject.removeVolume(id)
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

    func cleanUp() async throws {
        let (volumes, snapshots) = made.withLock { $0 }
        for id in snapshots { try await snapshotter.deleteSnapshot(id) }
        for id in volumes { try await subject.removeVolume(id) }
    }
}
