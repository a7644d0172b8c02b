import AWS
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams

@testable import AzureObjectStore
@testable import CloudStorage
@testable import EBSSnapshotter
@testable import GCSObjectStore
@testable import S3ObjectStore

// What the clouds answer, to the stores and the snapshotter themselves: a client gives them the input for an answer.
extension Harness {
    static let clouds = [
        Harness(name: "s3-listing", seeds: { s3Answers.map(bytes) }) { try read($0) { try s3($0) } },
        Harness(name: "azure-answer", seeds: { azureAnswers.map(bytes) }) { try read($0) { try azure($0) } },
        Harness(name: "gcs-answer", seeds: { gcsAnswers.map(bytes) }) { try read($0) { try gcs($0) } },
        Harness(name: "ec2-answer", seeds: { ec2Answers.map(bytes) }, run: readEC2),
    ]

    // MARK: Object stores

    private static func read(_ body: [UInt8], by open: (FixedAnswer) throws -> any ObjectStore) throws {
        let list = ListRequest(prefix: "p/", delimiter: "/", continuation: "c", pageSize: 10)
        let store = try open(FixedAnswer(status: 200, body: body))
        if let page = try asking({ try await store.list(list) }) {
            for object in page.objects {
                try require(object.size >= 0, "an object of a negative size")
                try require(!object.key.isEmpty, "an object without a key")
            }
            try require(!page.commonPrefixes.contains(""), "a prefix that is none")
            try require(page.continuation?.isEmpty != true, "a listing that goes on nowhere")
            try require(page.continuation != list.continuation, "a listing that goes round")
        }
        // What a body says of a failure, by a status that hangs on it.
        let failing = try open(FixedAnswer(status: 300 + body.count % 300, body: body))
        _ = try asking { try await failing.list(list) }
        _ = try asking { try await failing.delete(["p/a"]) }
        _ = try asking { try await failing.put("p/a", .bytes([1]), options: PutOptions()) }
    }

    /// The answer of a store; nil when it refuses what it was sent, by an error that can be shown.
    private static func asking<Answer: Sendable>(
        _ work: @escaping @Sendable () async throws -> Answer
    ) throws -> Answer? {
        do {
            return try waitFor(work)
        } catch let error as ObjectStoreError {
            let text = error.description
            try require(text.printable == text && text.utf8.count < 16_384, "an error that cannot be shown: \(text)")
            return nil
        }
    }

    private static func s3(_ answer: FixedAnswer) throws -> any ObjectStore {
        var configuration = try S3Configuration(bucket: "b", settings: ["endpoint": "http://127.0.0.1:1"])
        configuration.retry = .none
        return S3ObjectStore(configuration, credentials: StaticCredentials(credentials), http: answer)
    }

    private static func azure(_ answer: FixedAnswer) throws -> any ObjectStore {
        var configuration = try AzureConfiguration(
            container: "container", settings: ["endpoint": "http://127.0.0.1:1/account"])
        configuration.retry = .none
        return try AzureObjectStore(configuration, environment: ["AZURE_STORAGE_KEY": "a2V5"]) { _ in answer }
    }

    private static func gcs(_ answer: FixedAnswer) throws -> any ObjectStore {
        var configuration = try GCSConfiguration(
            bucket: "bucket", settings: ["endpoint": "http://127.0.0.1:1", "auth": "none"])
        configuration.retry = .none
        return try GCSObjectStore(configuration, environment: [:]) { _ in answer }
    }

    private static let credentials = AWSCredentials(accessKeyID: "A", secretAccessKey: "S")

    private static let s3Answers = [
        """
        <ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
        <NextContinuationToken>t</NextContinuationToken><Contents><Key>p%2Fa%2Bb</Key><Size>12</Size>\
        <LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&quot;</ETag></Contents>\
        <CommonPrefixes><Prefix>p/d/</Prefix></CommonPrefixes></ListBucketResult>
        """,
        "<Error><Code>SlowDown</Code><Message>wait</Message><Region>eu-west-1</Region></Error>",
        "<DeleteResult><Error><Key>p/a</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>",
    ]

    private static let azureAnswers = [
        """
        <EnumerationResults><Blobs><Blob><Name Encoded="true">p%2Fa%FFb</Name><Properties>\
        <Last-Modified>Fri, 02 Jan 2026 03:04:05 GMT</Last-Modified><Etag>"0x8"</Etag>\
        <Content-Length>12</Content-Length><ResourceType>file</ResourceType></Properties></Blob><Blob><Name>p/b</Name><Properties>\
        <Content-Length>0</Content-Length></Properties></Blob><BlobPrefix><Name>p/d/</Name></BlobPrefix></Blobs>\
        <NextMarker>m</NextMarker></EnumerationResults>
        """,
        "<Error><Code>ServerBusy</Code><Message>wait\nRequestId:1\nTime:2</Message></Error>",
        "<Error><Code>BlobImmutableDueToPolicy</Code><Message>no</Message></Error>",
    ]

    private static let gcsAnswers = [
        """
        {"kind":"storage#objects","nextPageToken":"t","prefixes":["p/d/"],"items":[{"name":"p/a","size":"12",\
        "updated":"2026-01-02T03:04:05.678Z","generation":"1"}]}
        """,
        #"{"error":{"code":429,"message":"wait","errors":[{"reason":"rateLimitExceeded","domain":"usageLimits"}]}}"#,
        #"{"error":{"code":404,"message":"The specified bucket does not exist.","errors":[{"reason":"notFound"}]}}"#,
    ]

    // MARK: EC2

    private static let ec2Answers = [
        """
        <DescribeVolumesResponse><volumeSet><item><volumeId>vol-1</volumeId><status>available</status>\
        <volumeType>gp3</volumeType><iops>3000</iops><throughput>125</throughput><encrypted>true</encrypted>\
        <tagSet><item><key>a</key><value>b</value></item><item><key>aws:x</key></item></tagSet></item></volumeSet>\
        <snapshotSet><item><snapshotId>snap-1</snapshotId><status>completed</status><progress>100%</progress></item>\
        </snapshotSet></DescribeVolumesResponse>
        """,
        "<Response><Errors><Error><Code>InvalidVolume.NotFound</Code><Message>no</Message></Error></Errors></Response>",
        "<CreateSnapshotResponse><snapshotId>snap-2</snapshotId><status>error</status></CreateSnapshotResponse>",
    ]

    private static func readEC2(_ body: [UInt8]) throws {
        let configuration = try EBSConfiguration(["region": "r", "timeout": "1"], environment: [:])
        func snapshotter(_ status: Int) -> EBSSnapshotter {
            EBSSnapshotter(
                configuration, credentials: StaticCredentials(credentials),
                http: FixedAnswer(status: status, body: body), retry: .none, clusterName: "c")
        }
        for status in [200, 300 + body.count % 300] {
            let ebs = snapshotter(status)
            if let info = try askingEC2({ try await ebs.volumeInfo("vol-1", zone: nil) }) {
                for (name, value) in EBSVolumeKind.parameters(info, isMultiAttach: true) {
                    try require(!name.isEmpty && !value.hasPrefix("-"), "\(name)=\(value)")
                }
            }
            _ = try askingEC2 { try await ebs.exists("snap-1") }
            _ = try askingEC2 { try await ebs.deleteSnapshot("snap-1") }
        }
        guard let document = XMLElement.parse(body) else { return }
        for tags in [
            EBSTags.ofSnapshot(["velero.io/backup": "b"], volume: document),
            EBSTags.ofVolume(snapshot: document, clusterName: "c"),
        ] {
            try require(!tags.keys.contains { $0.hasPrefix("aws:") }, "a tag of AWS's own: \(tags)")
            try require(!tags.keys.contains(""), "a tag without a key")
        }
        let tags = EBSTags.ofSnapshot(["velero.io/backup": "b"], volume: document)
        try require(tags["velero.io/backup"] == "b" && tags.count <= 49, "the backup's tags: \(tags)")
    }

    /// The answer; nil when it is refused, by an error that can be shown.
    private static func askingEC2<Answer: Sendable>(
        _ work: @escaping @Sendable () async throws -> Answer
    ) throws -> Answer? {
        do {
            return try waitFor(work)
        } catch let error as VolumeSnapshotError {
            let text = error.description
            try require(text.printable == text && text.utf8.count < 16_384, "an error that cannot be shown: \(text)")
            return nil
        }
    }
}

/// A client to which whatever it asks the same is answered.
private struct FixedAnswer: HTTPClient {
    let status: Int
    let body: [UInt8]

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Length": String(body.count)], majorVersion: 1, body: ByteStream(body))
    }
}
