import CloudStorage
import Foundation
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization
import Testing

@testable import AWS
@testable import AzureObjectStore
@testable import GCSObjectStore

/// Metadata servers that are not up yet when a pod begins.
@Suite struct NearbyServiceTests {
    /// How each cloud's token is asked for.
    enum Place: String, CaseIterable {
        case google, azure, amazon

        /// What says where the service is.
        var named: [String: String] {
            switch self {
            case .google: ["GCE_METADATA_HOST": "127.0.0.1:9", "HOME": "/nowhere"]
            case .azure: ["AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"]
            case .amazon: ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9", "HOME": "/nowhere"]
            }
        }

        /// Asks for credentials.
        func ask(_ environment: [String: String], _ client: any HTTPClient) async throws {
            switch self {
            case .google:
                let store = try GCSObjectStore(
                    try GCSConfiguration(bucket: "b", settings: [:]), environment: environment
                ) { _ in client }
                _ = try await store.connection.currentToken()
            case .azure:
                let store = try AzureObjectStore(
                    try AzureConfiguration(container: "abc", settings: ["account": "abc"]), environment: environment
                ) { _ in client }
                guard case .token(let token) = store.connection.authorization else { throw Unexpected() }
                _ = try await token.value()
            case .amazon:
                let choice = CredentialsChoice(region: "us-east-1", profile: nil)
                _ = try await CredentialsChain(
                    choice, http: client, metadataHTTP: client, environment: environment
                ).credentials()
            }
        }
    }

    struct Unexpected: Error {}

    /// Answers as all three, after some failures.
    private static func client(failing: Int, _ kind: HTTPTransportError.Kind) -> (AnsweringClient, @Sendable () -> Int)
    {
        let counted = Counter()
        return (
            AnsweringClient { request in
                if counted.next() <= failing { throw HTTPTransportError(kind, request: "GET x", reason: nil) }
                let token = #"{"access_token":"t","expires_in":3600,"token_type":"Bearer"}"#
                if request.url.hasSuffix("/latest/api/token") { return .answer(200, [:], "session") }
                if request.url.hasSuffix("/security-credentials/") { return .answer(200, [:], "role") }
                if request.url.hasSuffix("/security-credentials/role") {
                    return .answer(
                        200, [:], #"{"Code":"Success","AccessKeyId":"I","SecretAccessKey":"s","Token":"t"}"#)
                }
                return .answer(200, ["Metadata-Flavor": "Google"], token)
            }, { counted.count }
        )
    }

    private final class Counter: Sendable {
        private let state = Mutex(0)

        func next() -> Int {
            state.withLock {
                $0 += 1
                return $0
            }
        }

        var count: Int { state.withLock { $0 } }
    }

    @Test(arguments: Place.allCases, [HTTPTransportError.Kind.connect, .timeout, .interrupted])
    func aServiceThatIsNotUpYetIsWaitedFor(place: Place, kind: HTTPTransportError.Kind) async throws {
        let cluster = ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOME": "/nowhere"]
        for environment in [place.named, cluster] {
            let (client, count) = Self.client(failing: 2, kind)
            try await place.ask(environment, client)
            #expect(count() >= 3)
        }
    }

    @Test(arguments: Place.allCases) func whereNobodySaysThatThereIsOneItIsAskedOnce(place: Place) async throws {
        let (client, count) = Self.client(failing: .max, .connect)
        let error = await #expect(throws: CredentialsError.self) {
            try await place.ask(["HOME": "/nowhere"], client)
        }
        #expect(error?.isPassing == false && count() == 1)
    }

    /// Who is named and cannot be reached may be reached a while later.
    @Test(arguments: Place.allCases) func aServiceThatStaysAwayIsAPassingTrouble(place: Place) async throws {
        let (client, count) = Self.client(failing: .max, .connect)
        let error = await #expect(throws: CredentialsError.self) { try await place.ask(place.named, client) }
        #expect(error?.isPassing == true && count() == NearbyService.patience.attempts)
    }
}
