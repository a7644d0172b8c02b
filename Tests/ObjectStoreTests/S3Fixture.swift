import AWS
import Foundation
import GodwitPluginAPI
import GodwitTestKit
import HTTPTransport
import S3ObjectStore
import Streams
import Testing

/// An S3 server of the testbed.
enum S3Server: String, CaseIterable, CustomTestStringConvertible {
    case radosgw = "RADOSGW"
    case moto = "MOTO"

    var testDescription: String { rawValue.lowercased() }

    static let areThere = allCases.allSatisfy { $0.value("ENDPOINT") != nil }

    func value(_ name: String) -> String? {
        ProcessInfo.processInfo.environment["GODWIT_TEST_\(rawValue)_\(name)"]
    }

    var credentials: AWSCredentials {
        AWSCredentials(
            accessKeyID: value("ACCESS_KEY") ?? "", secretAccessKey: value("SECRET_KEY") ?? "")
    }

    func configuration(_ settings: [String: String] = [:]) throws -> S3Configuration {
        var all = ["endpoint": value("ENDPOINT") ?? "", "region": value("REGION") ?? "us-east-1"]
        all.merge(settings) { _, new in new }
        return try S3Configuration(bucket: value("BUCKET") ?? "", settings: all)
    }

    func store(_ settings: [String: String] = [:]) throws -> S3ObjectStore {
        S3ObjectStore(
            try configuration(settings), credentials: StaticCredentials(credentials), http: try Self.sharedClient.get())
    }

    /// A store in another bucket than the usual one.
    func store(_ configuration: S3Configuration, bucket: String?) throws -> S3ObjectStore {
        var configuration = configuration
        configuration.bucket = bucket ?? ""
        return S3ObjectStore(
            configuration, credentials: StaticCredentials(credentials), http: try Self.sharedClient.get())
    }

    /// One pool of connections for all tests.
    static let sharedClient = Result { try CurlClient(configuration: S3Configuration(bucket: "any").http) }

    /// A prefix that no other test uses.
    static func prefix(_ name: String) -> String { "store-tests/\(name)-\(UUID().uuidString)/" }

    static func fetch(_ url: String) async throws -> (status: Int, body: [UInt8]) {
        let response = try await sharedClient.get().send(HTTPRequest("GET", url))
        return (response.status, try await response.body.collect(upTo: 1 << 20))
    }
}
