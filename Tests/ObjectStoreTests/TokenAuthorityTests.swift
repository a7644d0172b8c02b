import Foundation
import HTTPTransport
import Testing

@testable import AzureObjectStore
@testable import CloudStorage
@testable import GCSObjectStore
@testable import S3ObjectStore

/// Whom the requests for tokens trust: as the store does where both are the cloud's own, and behind the same proxy.
@Suite struct TokenAuthorityTests {
    /// The authorities of the transports: the one for tokens, the one for the machine, the store's.
    private func authorities(
        _ store: DocumentedSettingsTests.Store, _ settings: [String: String]
    ) throws -> [TLSConfiguration.Source?] {
        var seen: [TLSConfiguration.Source?] = []
        let settings = settings.merging(["ca-file": "/ca.pem"]) { own, _ in own }
        let makeClient = { (configuration: HTTPConfiguration) -> any HTTPClient in
            seen.append(configuration.tls.certificateAuthority)
            return AnsweringClient { _ in .answer(500) }
        }
        switch store {
        case .s3:
            _ = try S3ObjectStore(
                try S3Configuration(bucket: "b", settings: settings), environment: [:], makeClient: makeClient)
        case .azure:
            let all = settings.merging(["account": "abc"]) { own, _ in own }
            _ = try AzureObjectStore(
                try AzureConfiguration(container: "abc", settings: all), environment: [:], makeClient: makeClient)
        case .gcs:
            _ = try GCSObjectStore(
                try GCSConfiguration(bucket: "b", settings: settings), environment: ["HOME": "/nowhere"],
                makeClient: makeClient)
        }
        return seen
    }

    @Test(arguments: DocumentedSettingsTests.Store.allCases)
    func theTokenServiceIsTrustedAsTheStore(store: DocumentedSettingsTests.Store) throws {
        let file = TLSConfiguration.Source.file("/ca.pem")
        #expect(try authorities(store, [:]) == [file, nil, file])
        #expect(try authorities(store, ["endpoint": "https://abc.store.example"]) == [nil, nil, file])
    }

    @Test func anAuthorityOfTheLocationsOwn() throws {
        let file = TLSConfiguration.Source.file("/ca.pem")
        let settings = ["endpoint": "https://abc.store.example", "authority": "https://login.example"]
        #expect(try authorities(.azure, settings) == [file, nil, file])
    }
}
