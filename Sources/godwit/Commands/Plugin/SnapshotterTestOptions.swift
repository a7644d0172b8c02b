import ArgumentParser
import Foundation
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient

/// What a snapshotter is tested with.
struct SnapshotterTestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What a snapshotter is given, as by 'snapshot-location set --config': key=value,…",
            valueName: "configuration"))
    var snapshotConfig: [Mapping] = []

    @Option(help: ArgumentHelp("The id of a volume of yours, of which snapshots are taken.", valueName: "id"))
    var volume: String?

    @Option(help: ArgumentHelp("The zone of the volume (default: what its PersistentVolume says).", valueName: "zone"))
    var volumeAz: String?

    @Option(
        help: ArgumentHelp(
            "In place of --volume: the manifest of the volume's PersistentVolume, by which more can be checked.",
            valueName: "file"), completion: .file())
    var persistentVolume: String?

    func validate() throws {
        if volume != nil, persistentVolume != nil {
            throw ValidationError("--volume and --persistent-volume name the same thing: give one of them")
        }
        if volume?.isEmpty == true { throw ValidationError("--volume is empty") }
    }

    /// The options that were given.
    var given: [String] {
        var options: [String] = []
        if !snapshotConfig.isEmpty { options.append("--snapshot-config") }
        if volume != nil { options.append("--volume") }
        if volumeAz != nil { options.append("--volume-az") }
        if persistentVolume != nil { options.append("--persistent-volume") }
        return options
    }

    /// Opens a snapshotter and looks at the volume, so that what is wrong with them is told before all checks say it.
    func subject(_ provider: any VolumeSnapshotterProvider) async throws -> SnapshotterSubject {
        let configuration = try snapshotConfig.dictionary(option: "--snapshot-config")
        let object = try persistentVolume.map(Self.read)
        let snapshotter: any VolumeSnapshotter
        do {
            snapshotter = try await provider.open(configuration)
        } catch let error as VolumeSnapshotError where error.kind == .invalidConfiguration {
            throw UntestableSnapshotterError(
                summary: "snapshotter '\(provider.name)' cannot be opened for the test", cause: error,
                advice: "give it what it needs with --snapshot-config key=value,…")
        }
        let zone = volumeAz ?? object?.volumeZone
        let id = try await look(at: object, snapshotter, zone)
        var subject = SnapshotterSubject(
            volumes: id.map { .given(id: $0, persistentVolume: object) } ?? .none,
            missingVolume: id.map(AbsentVolume.id(like:)) ?? AbsentVolume.id(),
            missingSnapshot: id == nil ? AbsentVolume.snapshotID() : nil
        ) { try await provider.open(configuration) }
        subject.zone = zone
        return subject
    }

    /// The id of the volume; nil when none was named.
    private func look(
        at object: KubernetesObject?, _ snapshotter: any VolumeSnapshotter, _ zone: String?
    ) async throws -> String? {
        var id = volume
        var name = volume ?? ""
        do {
            if let object {
                name = object.name
                id = try await snapshotter.volumeID(of: object)
                guard id != nil else {
                    throw UntestableSnapshotterError(
                        summary: "PersistentVolume '\(name.printable)' is none of \(snapshotter.description)",
                        cause: nil,
                        advice: "give the manifest of a PersistentVolume whose volume it takes snapshots of")
                }
            }
            guard let id else { return nil }
            _ = try await snapshotter.volumeInfo(id, zone: zone)
            return id
        } catch let error as VolumeSnapshotError {
            throw UntestableSnapshotterError(
                summary: "volume '\(name.printable)' cannot be used for the test", cause: error,
                advice: "name one that exists with --volume or --persistent-volume, and its zone with --volume-az")
        }
    }

    private static func read(_ path: String) throws -> KubernetesObject {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UnreadableFileError(path: path, option: "--persistent-volume")
        }
        let documents: [JSONValue]
        do {
            documents = try KubernetesYAML.parse(String(decoding: data, as: UTF8.self))
        } catch {
            throw PersistentVolumeFileError(path: path, reason: "\(error)")
        }
        guard documents.count == 1, documents[0]["kind"] == "PersistentVolume" else {
            throw PersistentVolumeFileError(path: path, reason: "it must hold one PersistentVolume, and nothing else")
        }
        return KubernetesObject(documents[0])
    }
}

/// A snapshotter cannot be tested with what was given.
struct UntestableSnapshotterError: AdvisedError {
    let summary: String
    let cause: (any Error)?
    let advice: String?
    var reason: String? { cause.map { "\($0)" } }
}

/// A file holds no PersistentVolume.
struct PersistentVolumeFileError: AdvisedError, UsageError {
    let path: String
    let reason: String?
    var summary: String { "'\(path)' is not the manifest of a PersistentVolume" }
    var advice: String? { "write one with 'kubectl get pv NAME -o yaml'" }
}
