import CloudStorage
import AWS
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import KubernetesClient
import ProgramTestKit
import Streams
import Testing

/// A namespace whose claims are bound to volumes of EBS, which moto plays, and a site with a snapshot location for them.
struct CloudSite {
    static let isThere = Testbed.isThere && TestEnvironment["GODWIT_TEST_MOTO_ENDPOINT"] != nil
    static let hint: Comment = "needs the testbed with moto: eval \"$(scripts/testbed env)\""
    static let zone = "us-east-1c"

    let site: Site
    let namespace: String
    let suffix: String

    var restored: String { "\(namespace)-2" }

    init(_ name: String) async throws {
        suffix = Testbed.suffix()
        namespace = "snap-\(name)-\(suffix)"
        site = try Site("snapshots")
        let credentials = try site.workspace.write(
            """
            [default]
            aws_access_key_id = \(Testbed.value("MOTO_ACCESS_KEY"))
            aws_secret_access_key = \(Testbed.value("MOTO_SECRET_KEY"))
            """, to: "credentials")
        let settings = [
            "region=\(Testbed.value("MOTO_REGION"))", "endpoint=\(Testbed.value("MOTO_ENDPOINT"))",
            "credentials-file=\(credentials)",
        ]
        let run = try await site.workspace.godwit(
            "snapshot-location", "set", "main", "velero.io/aws", "--config", settings.joined(separator: ","))
        try #require(run.status == 0, "\(run)")
        try await site.kubectl(.source, "create", "namespace", namespace)
    }

    /// Runs a test with a site of its own, and cleans up.
    static func with(_ name: String, _ body: (CloudSite) async throws -> Void) async throws {
        let cloud = try await CloudSite(name)
        try await ensuring {
            try await body(cloud)
        } afterwards: {
            for side in [Testbed.Side.source, .destination] {
                try await cloud.site.kubectl(
                    side, "delete", "namespace", cloud.namespace, cloud.restored, "--ignore-not-found", "--wait=false")
                try await cloud.site.kubectl(
                    side, "delete", "pv", "-l", "godwit-test=\(cloud.suffix)", "--ignore-not-found", "--wait=false")
            }
            try await cloud.site.cleanUp()
        }
    }

    // MARK: Kubernetes

    /// A bound claim of a volume.
    func claim(_ name: String, volume: String, inTree: Bool = false, policy: String = "Delete") async throws {
        let source =
            inTree
            ? "awsElasticBlockStore: {volumeID: 'aws://\(Self.zone)/\(volume)', fsType: ext4}"
            : "csi: {driver: ebs.csi.aws.com, volumeHandle: \(volume), fsType: ext4}"
        let text = """
            apiVersion: v1
            kind: PersistentVolume
            metadata:
              name: \(persistentVolume(name))
              labels: {godwit-test: \(suffix), topology.kubernetes.io/zone: \(Self.zone)}
              annotations: {pv.kubernetes.io/provisioned-by: ebs.csi.aws.com}
            spec:
              capacity: {storage: 10Gi}
              accessModes: [ReadWriteOnce]
              persistentVolumeReclaimPolicy: \(policy)
              storageClassName: gold-\(suffix)
              claimRef: {namespace: \(namespace), name: \(name)}
              \(source)
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: \(name), namespace: \(namespace)}
            spec:
              accessModes: [ReadWriteOnce]
              storageClassName: gold-\(suffix)
              volumeName: \(persistentVolume(name))
              resources: {requests: {storage: 10Gi}}
            """
        try await site.kubectl(.source, "create", "-f", site.workspace.write(text, to: "claim-\(name).yaml"))
        try await eventually("claim \(name) is bound") {
            try await site.kubectl(
                .source, "get", "pvc", name, "-n", namespace, "-o", "jsonpath={.status.phase}") == "Bound"
        }
    }

    func persistentVolume(_ claim: String) -> String { "pv-\(claim)-\(suffix)" }

    /// The PersistentVolume that a claim is bound to.
    func bound(_ claim: String, in namespace: String, on side: Testbed.Side) async throws -> KubernetesObject {
        let name = try await site.kubectl(
            side, "get", "pvc", claim, "-n", namespace, "-o", "jsonpath={.spec.volumeName}/{.status.phase}")
        let parts = name.split(separator: "/").map(String.init)
        try #require(parts.count == 2 && parts[1] == "Bound", "\(claim): \(name)")
        let text = try await site.kubectl(side, "get", "pv", parts[0], "-o", "json")
        return try KubernetesObject(parsing: Array(text.utf8))
    }

    /// The rows of a backup's volumes, by claim.
    func rows(of backup: String) async throws -> [String: JSONValue] {
        let run = try await site.godwit("backup", "describe", backup, "--details", "-o", "json")
        try #require(run.status == 0, "\(run)")
        let rows = try JSONValue(parsing: run.output)["volumes"]?.array ?? []
        return Dictionary(rows.map { ($0["claim"]?.string ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: EC2

    static func ask(_ action: String, _ parameters: [(name: String, value: String)]) async throws -> XMLElement {
        let address = try #require(ServiceAddress(Testbed.value("MOTO_ENDPOINT")))
        let form = [(name: "Action", value: action), ("Version", "2016-11-15")] + parameters
        let body = Array(SignatureV4.canonicalQuery(form).utf8)
        let date = Date()
        var headers: HTTPHeaders = [
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Host": address.authority,
            "x-amz-date": ServiceDate.basic(date),
        ]
        let subject = SignatureV4.Subject(
            method: "POST", path: "/", query: [], headers: headers, payloadHash: SHA256Hash.hex(body))
        headers["Authorization"] = SignatureV4(region: Testbed.value("MOTO_REGION"), service: "ec2", date: date)
            .authorization(
                subject,
                AWSCredentials(
                    accessKeyID: Testbed.value("MOTO_ACCESS_KEY"), secretAccessKey: Testbed.value("MOTO_SECRET_KEY")))
        headers["Host"] = nil
        let response = try await client.get().send(
            HTTPRequest("POST", "\(address.text)/", headers: headers, body: .bytes(body)))
        let text = try await response.body.collect(upTo: 1 << 22)
        try #require(response.status == 200, "\(action): \(String(decoding: text, as: UTF8.self))")
        return try #require(XMLElement.parse(text))
    }

    private static let client = Result { try CurlClient(configuration: HTTPConfiguration()) }

    /// A new volume.
    static func volume(_ parameters: [(name: String, value: String)] = [("VolumeType", "gp3")]) async throws -> String {
        let answer = try await ask("CreateVolume", [("AvailabilityZone", zone), ("Size", "10")] + parameters)
        return try #require(answer.first("volumeId")?.text)
    }

    /// A volume as EC2 describes it.
    static func describe(_ volume: String) async throws -> XMLElement {
        let answer = try await ask("DescribeVolumes", [("VolumeId.1", volume)])
        return try #require(answer.first("volumeSet")?["item"])
    }

    /// The snapshots of a backup, by the PersistentVolume that their tags name.
    static func snapshots(of backup: String, _ namespace: String) async throws -> [String: String] {
        let answer = try await ask(
            "DescribeSnapshots",
            [
                ("Filter.1.Name", "tag:velero.io/backup"), ("Filter.1.Value.1", backup),
                ("Filter.2.Name", "tag:godwit-test"), ("Filter.2.Value.1", namespace),
            ])
        var found: [String: String] = [:]
        for item in answer.first("snapshotSet")?.all("item") ?? [] {
            let tags = item["tagSet"]?.all("item") ?? []
            let volume = tags.first { $0.text("key") == "velero.io/pv" }?.text("value") ?? ""
            found[volume] = item.text("snapshotId")
        }
        return found
    }

    /// The volumes that were made of a snapshot.
    static func volumes(from snapshot: String) async throws -> [String] {
        let answer = try await ask(
            "DescribeVolumes", [("Filter.1.Name", "snapshot-id"), ("Filter.1.Value.1", snapshot)])
        return (answer.first("volumeSet")?.all("item") ?? []).compactMap { $0.text("volumeId") }
    }
}
