import CloudStorage
public import AWS
public import Foundation
public import GodwitModel
public import GodwitPluginAPI
public import HTTPTransport
public import Streams

/// Snapshots of volumes of Amazon EBS, in-tree and of the CSI driver `ebs.csi.aws.com`.
///
/// A snapshot is of the moment in which it was asked for, and is waited for until it is complete: only then a volume can
/// be made of it, and only then it is known not to fail. A restored volume is in the zone of the original, and has its
/// type, for `gp3`, `io1` and `io2` its IOPS and throughput, and Multi-Attach where `io1` and `io2` had it.
public struct EBSSnapshotter: SnapshotInspection {
    let connection: EC2Connection
    private let clusterName: String?
    var configuration: EBSConfiguration { connection.configuration }

    /// A snapshotter.
    ///
    /// - Parameters:
    ///   - http: made with ``EBSConfiguration/http``.
    ///   - clusterName: marks restored volumes as this cluster's, as `AWS_CLUSTER_NAME` does for Velero's plugin.
    public init(
        _ configuration: EBSConfiguration, credentials: any CredentialsProvider, http: any HTTPClient,
        retry: RetryPolicy = .standard,
        clusterName: String? = ProcessInfo.processInfo.environment["AWS_CLUSTER_NAME"]
    ) {
        connection = EC2Connection(
            configuration: configuration, credentials: credentials, http: http, retry: retry)
        self.clusterName = clusterName
    }

    /// The region, or the server.
    public var description: String { connection.description }

    /// The region.
    public var place: String { configuration.region }

    /// The volume behind a PersistentVolume of `awsElasticBlockStore` or of EBS's CSI driver.
    public func volumeID(of persistentVolume: KubernetesObject) async throws -> String? {
        EBSVolumeReference(persistentVolume)?.volumeID
    }

    /// Puts another volume behind a PersistentVolume.
    public func setVolumeID(_ id: String, of persistentVolume: KubernetesObject) async throws -> KubernetesObject {
        let operation = "put volume '\(id.printable)' behind '\(persistentVolume.name.printable)'"
        guard var reference = EBSVolumeReference(persistentVolume) else {
            throw connection.error(.invalidConfiguration, operation, "it is no volume of EBS")
        }
        guard EBSIdentifier.isVolume(id) else {
            throw connection.error(.notFound, operation, "that is no id of a volume of EBS")
        }
        reference.volumeID = id
        return reference.applied(to: persistentVolume)
    }

    /// Type, IOPS and throughput of a volume.
    public func volumeInfo(_ id: String, zone: String?) async throws -> VolumeInfo {
        let volume = try await describe(volume: id, "ask for volume '\(id.printable)'")
        return EBSVolumeKind.info(of: volume)
    }

    /// Takes a snapshot and waits until it is complete.
    public func createSnapshot(of volumeID: String, zone: String?, tags: [String: String]) async throws -> String {
        let operation = "snapshot volume '\(volumeID.printable)'"
        let volume = try await describe(volume: volumeID, operation)
        let tags = EBSTags.ofSnapshot(tags, volume: volume)
        // Once it is sent, its answer is waited for: a snapshot whose id nobody knows is never found again.
        let begun = try await Task { try await begin(snapshotOf: volumeID, tags, operation) }.value
        do {
            try Task.checkCancellation()
            try await wait(forSnapshot: begun.id, operation)
            try await removeTwins(of: begun, operation)
            return begun.id
        } catch {
            throw await removing("snapshot '\(begun.id)'", after: error) {
                try await deleteSnapshot(begun.id)
                try await removeTwins(of: begun, operation)
            }
        }
    }

    /// Makes a volume of a snapshot and waits until it is available.
    public func createVolume(from snapshotID: String, like info: VolumeInfo, zone: String?) async throws -> String {
        let operation = "make a volume of snapshot '\(snapshotID.printable)'"
        guard let zone, !zone.isEmpty else {
            throw connection.error(
                .invalidConfiguration, operation, "its PersistentVolume names no zone, by label or by node affinity")
        }
        let snapshot = try await describe(snapshot: snapshotID, operation)
        var parameters = [(name: "SnapshotId", value: snapshotID), ("AvailabilityZone", zone)]
        parameters += EBSVolumeKind.parameters(info, isMultiAttach: EBSTags.isMultiAttach(snapshot: snapshot))
        if let key = configuration.encryptionKey {
            parameters += [("Encrypted", "true"), ("KmsKeyId", key)]
        } else if snapshot.text("encrypted") == "true" {
            parameters.append(("Encrypted", "true"))
        }
        let tags = EBSTags.ofVolume(snapshot: snapshot, clusterName: clusterName)
        let wanted = parameters
        let id = try await Task { try await begin(volumeWith: wanted, tags, operation) }.value
        do {
            try Task.checkCancellation()
            try await wait(forVolume: id, operation)
            return id
        } catch {
            throw await removing("volume '\(id)'", after: error) { try await deleteVolume(id) }
        }
    }

    /// Deletes a snapshot.
    public func deleteSnapshot(_ id: String) async throws {
        guard EBSIdentifier.isSnapshot(id) else { return }
        do {
            _ = try await connection.send(
                EC2Connection.Request("DeleteSnapshot", "delete snapshot '\(id)'", [("SnapshotId", id)]))
        } catch let error as VolumeSnapshotError where error.kind == .notFound {
            // As it should be.
        }
    }

    /// Whether EBS has a snapshot that is complete.
    public func exists(_ snapshotID: String) async throws -> Bool {
        do {
            return try await describe(snapshot: snapshotID, "ask for snapshot '\(snapshotID.printable)'")
                .text("status") == "completed"
        } catch let error as VolumeSnapshotError where error.kind == .notFound {
            return false
        }
    }

    /// EBS shows no files.
    public func directory(of snapshotID: String) async throws -> String? { nil }
}

extension EBSSnapshotter {
    func deleteVolume(_ id: String) async throws {
        do {
            _ = try await connection.send(
                EC2Connection.Request("DeleteVolume", "delete volume '\(id)'", [("VolumeId", id)]))
        } catch let error as VolumeSnapshotError where error.kind == .notFound {}
    }

    /// Removes what a failed call has begun to make, also in a cancelled task.
    ///
    /// - Returns: the error of the call, which says so if something stays behind.
    private func removing(
        _ what: String, after error: any Error, _ remove: @escaping @Sendable () async throws -> Void
    ) async -> any Error {
        do {
            try await Task { try await remove() }.value
            return error
        } catch let failure {
            guard let error = error as? VolumeSnapshotError else { return error }
            let reason = [error.reason, "\(what) stays behind: \(failure)"].compactMap(\.self)
            return connection.error(error.kind, error.operation, reason.joined(separator: "; "))
        }
    }
}
