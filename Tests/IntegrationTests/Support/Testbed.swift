import AWS
import Foundation
import GodwitPluginAPI
import HTTPTransport
import KubernetesClient
import ProgramTestKit
import S3ObjectStore
import Testing

/// The servers that scripts/testbed runs.
enum Testbed {
    static let hint: Comment = "needs the testbed: eval \"$(scripts/testbed env)\""
    static let isThere = [
        "SOURCE_KUBECONFIG", "DESTINATION_KUBECONFIG", "NOBODY_KUBECONFIG", "KUBECTL", "RADOSGW_ENDPOINT",
    ].allSatisfy { TestEnvironment["GODWIT_TEST_\($0)"] != nil }

    enum Side: String {
        case source = "SOURCE"
        case destination = "DESTINATION"
        case nobody = "NOBODY"

        var kubeconfig: String { value("\(rawValue)_KUBECONFIG") }
    }

    static func value(_ name: String) -> String { TestEnvironment["GODWIT_TEST_\(name)"] ?? "" }

    /// A client of a cluster.
    static func cluster(_ side: Side) throws -> KubernetesCluster {
        try KubernetesCluster(
            connecting: ClusterConfiguration.load(
                kubeconfigPath: side.kubeconfig, context: nil, environment: [:]))
    }

    /// Eight characters that no other run has.
    static func suffix() -> String {
        String((0..<8).map { _ in "bcdfghjklmnpqrstvwxz2456789".randomElement() ?? "x" })
    }

    /// The credentials of the S3 server, for the environment of a program.
    static let credentials = [
        "AWS_ACCESS_KEY_ID": value("RADOSGW_ACCESS_KEY"), "AWS_SECRET_ACCESS_KEY": value("RADOSGW_SECRET_KEY"),
    ]

    /// A location in the S3 server's bucket.
    ///
    /// - Parameter endpoint: another way to the server, such as a proxy.
    static func bucketURL(_ prefix: String, endpoint: String? = nil, bucket: String? = nil) -> String {
        "s3://\(bucket ?? value("RADOSGW_BUCKET"))/\(prefix)?endpoint=\(endpoint ?? value("RADOSGW_ENDPOINT"))"
            + "&region=\(value("RADOSGW_REGION"))&path-style=true"
    }

    /// The bucket, without any of the engine's wrappers.
    static func bucket() throws -> S3ObjectStore {
        let configuration = try S3Configuration(
            bucket: value("RADOSGW_BUCKET"),
            settings: ["endpoint": value("RADOSGW_ENDPOINT"), "region": value("RADOSGW_REGION"), "path-style": "true"])
        return S3ObjectStore(
            configuration,
            credentials: StaticCredentials(
                AWSCredentials(
                    accessKeyID: value("RADOSGW_ACCESS_KEY"), secretAccessKey: value("RADOSGW_SECRET_KEY"))),
            http: try CurlClient(configuration: configuration.http))
    }

    /// Every key below a prefix of the bucket.
    static func keys(below prefix: String) async throws -> [String] {
        var keys: [String] = []
        try await bucket().forEachPage(ListRequest(prefix: prefix)) { keys += $0.objects.map(\.key) }
        return keys
    }

    /// Removes everything below a prefix of the bucket.
    static func removeAll(below prefix: String) async throws {
        let keys = try await keys(below: prefix)
        if !keys.isEmpty { try await bucket().delete(keys) }
    }
}
