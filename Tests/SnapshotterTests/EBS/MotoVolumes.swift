import CloudStorage
import AWS
@testable import EBSSnapshotter
import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import HTTPTransport
import Streams

/// Volumes of EBS, played by moto.
struct MotoVolumes: Sendable {
    static let isThere = value("ENDPOINT") != nil

    static func value(_ name: String) -> String? {
        ProcessInfo.processInfo.environment["GODWIT_TEST_MOTO_\(name)"]
    }

    static let zone = "us-east-1b"

    let connection: EC2Connection

    init(_ settings: [String: String] = [:], credentials: AWSCredentials? = nil) throws {
        var all = ["endpoint": Self.value("ENDPOINT") ?? "", "region": Self.value("REGION") ?? "us-east-1"]
        all.merge(settings) { _, new in new }
        let configuration = try EBSConfiguration(all)
        let credentials =
            credentials
            ?? AWSCredentials(
                accessKeyID: Self.value("ACCESS_KEY") ?? "", secretAccessKey: Self.value("SECRET_KEY") ?? "")
        connection = EC2Connection(
            configuration: configuration, credentials: StaticCredentials(credentials),
            http: try CurlClient(configuration: configuration.http),
            retry: RetryPolicy(attempts: 8, base: .milliseconds(5), cap: .milliseconds(200)))
    }

    func snapshotter(clusterName: String? = nil) -> EBSSnapshotter {
        EBSSnapshotter(
            connection.configuration, credentials: connection.credentials, http: connection.http,
            retry: connection.retry, clusterName: clusterName)
    }

    func make(_ parameters: [(name: String, value: String)] = [("VolumeType", "gp3")]) async throws -> String {
        let request = EC2Connection.Request(
            "CreateVolume", "make a volume",
            [("AvailabilityZone", Self.zone), ("Size", "10"), ("ClientToken", UUID().uuidString)] + parameters)
        return try await connection.send(request).first("volumeId")?.text ?? ""
    }

    func remove(_ id: String) async throws { try await snapshotter().deleteVolume(id) }

    func volume(_ id: String) async throws -> XMLElement {
        try await snapshotter().describe(volume: id, "look")
    }

    func tags(ofSnapshot id: String) async throws -> [String: String] {
        Self.tags(try await snapshotter().describe(snapshot: id, "look"))
    }

    static func tags(_ element: XMLElement) -> [String: String] {
        let items = element["tagSet"]?.all("item") ?? []
        return Dictionary(uniqueKeysWithValues: items.map { ($0.text("key") ?? "", $0.text("value") ?? "") })
    }

    func snapshots(of volume: String) async throws -> Set<String> {
        let request = EC2Connection.Request(
            "DescribeSnapshots", "list", [("Filter.1.Name", "volume-id"), ("Filter.1.Value.1", volume)])
        let items = try await connection.send(request).first("snapshotSet")?.all("item") ?? []
        return Set(items.compactMap { $0.text("snapshotId") })
    }

    func volumes(of snapshot: String) async throws -> Set<String> {
        let request = EC2Connection.Request(
            "DescribeVolumes", "list", [("Filter.1.Name", "snapshot-id"), ("Filter.1.Value.1", snapshot)])
        let items = try await connection.send(request).first("volumeSet")?.all("item") ?? []
        return Set(items.compactMap { $0.text("volumeId") })
    }

    static func persistentVolume(_ id: String, inTree: Bool = false) throws -> KubernetesObject {
        let source =
            inTree
            ? #""awsElasticBlockStore": {"volumeID": "aws://\#(zone)/\#(id)", "fsType": "ext4"}"#
            : #""csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "\#(id)", "fsType": "ext4"}"#
        return try KubernetesObject(
            parsing: Array(
                """
                {"apiVersion": "v1", "kind": "PersistentVolume",
                 "metadata": {"name": "pv-\(id)", "labels": {"topology.kubernetes.io/zone": "\(zone)"},
                   "annotations": {"pv.kubernetes.io/provisioned-by": "ebs.csi.aws.com"}},
                 "spec": {"capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"],
                   "persistentVolumeReclaimPolicy": "Delete", "storageClassName": "gp3", \(source),
                   "claimRef": {"namespace": "shop", "name": "data", "uid": "1"}}}
                """.utf8))
    }

    var subject: SnapshotterSubject {
        var subject = SnapshotterSubject(
            missingVolume: "vol-0123456789abcdef0", missingSnapshot: "snap-0123456789abcdef0",
            open: { snapshotter() },
            makeVolume: { try Self.persistentVolume(try await make()) },
            removeVolume: { try await remove($0) })
        subject.zone = Self.zone
        subject.tags = { try await tags(ofSnapshot: $0) }
        subject.snapshots = { try await snapshots(of: $0) }
        return subject
    }
}
