import Foundation
import GodwitPluginAPI
import GodwitTestKit
import HTTPTransport
import ProgramTestKit
import Streams
import Synchronization
import Testing

@testable import AzureObjectStore
@testable import CloudStorage
@testable import GCSObjectStore

/// An emulated cloud of the testbed.
enum Cloud: String, CaseIterable, CustomTestStringConvertible {
    case azure = "AZURE"
    case gcs = "GCS"

    var testDescription: String { rawValue.lowercased() }

    static let areThere = allCases.allSatisfy { $0.value("ENDPOINT") != nil }

    func value(_ name: String) -> String? {
        ProcessInfo.processInfo.environment["GODWIT_TEST_\(rawValue)_\(name)"]
    }

    /// The variables with which the store finds its credentials.
    var environment: [String: String] {
        switch self {
        case .azure: ["AZURE_STORAGE_KEY": value("KEY") ?? ""]
        case .gcs: ["GOOGLE_APPLICATION_CREDENTIALS": "\(value("CREDENTIALS") ?? "")/admin.json"]
        }
    }

    /// A store.
    ///
    /// - Parameters:
    ///   - settings: besides the endpoint, which they may replace.
    ///   - environment: variables instead of those with the usual credentials.
    ///   - bucket: instead of the usual one.
    func store(
        _ settings: [String: String] = [:], environment: [String: String]? = nil, bucket: String? = nil,
        retry: StreamRetry = StreamRetry(), client: (any HTTPClient)? = nil
    ) throws -> any ObjectStore {
        var all = ["endpoint": value("ENDPOINT") ?? ""]
        all.merge(settings) { _, new in new }
        let client = try client ?? Self.sharedClient.get()
        switch self {
        case .azure:
            var configuration = try AzureConfiguration(
                container: bucket ?? value("CONTAINER") ?? "", settings: all)
            configuration.retry = retry
            return try AzureObjectStore(configuration, environment: environment ?? self.environment) { _ in client }
        case .gcs:
            var configuration = try GCSConfiguration(bucket: bucket ?? value("BUCKET") ?? "", settings: all)
            configuration.retry = retry
            return try GCSObjectStore(configuration, environment: environment ?? self.environment) { _ in client }
        }
    }

    /// What the contract suite may do with it.
    func subject(_ prefix: String, open: @escaping @Sendable () throws -> any ObjectStore) -> ContractSubject {
        var subject = ContractSubject(prefix: prefix, fetch: S3Server.fetch, open: open)
        switch self {
        case .azure: subject.isUnsupported = { BlobName.flaw(of: $0) != nil }
        case .gcs: subject.isUnsupported = { ObjectName.flaw(of: $0) != nil }
        }
        return subject
    }

    /// One pool of connections for all tests.
    static let sharedClient = Result {
        var http = HTTPConfiguration()
        http.proxy = ProxyConfiguration.none
        return try CurlClient(configuration: http)
    }

    /// Bytes that tell their place.
    static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 >> 8 ^ $0) } }

    /// Makes the token that a client last sent worthless.
    func revokeToken(of client: TokenWatch) async throws {
        let base = try #require(Cloud.azure == self ? value("IDENTITY_HOST") : value("ENDPOINT"))
        let token = try #require(client.authorization)
        var request = HTTPRequest("POST", base + "/control/revoke")
        request.headers["Authorization"] = token
        let response = try await Self.sharedClient.get().send(request)
        try #require(response.status == 200)
    }
}

/// Remembers the credentials of requests.
final class TokenWatch: HTTPClient {
    private let inner: any HTTPClient
    private let seen = Mutex<[String]>([])

    init(_ inner: any HTTPClient) { self.inner = inner }

    /// Those of the last request that had any.
    var authorization: String? { seen.withLock { $0.last } }
    /// How many there were.
    var count: Int { Set(seen.withLock { $0 }).count }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        if let authorization = request.headers["Authorization"] { seen.withLock { $0.append(authorization) } }
        return try await inner.send(request)
    }
}
