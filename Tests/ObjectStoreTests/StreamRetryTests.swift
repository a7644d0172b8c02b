import AWS
import Foundation
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization
import Testing

@testable import AzureObjectStore
@testable import CloudStorage
@testable import GCSObjectStore
@testable import S3ObjectStore

/// A front end that refuses while a stream is on its way.
@Suite(.enabled(if: Cloud.areThere, "needs the testbed")) struct StreamRetryTests {
    /// A server of the testbed.
    enum Server: String, CaseIterable { case moto, azure, gcs }

    private static let quick = RetryPolicy(attempts: 2, base: .milliseconds(1), cap: .milliseconds(1))
    private static let patient = RetryPolicy(attempts: 7, base: .milliseconds(1), cap: .milliseconds(1))

    private func store(_ server: Server, _ client: any HTTPClient, endpoint: String? = nil) throws -> any ObjectStore {
        var retry = StreamRetry(Self.quick)
        retry.later = Self.patient
        var settings = endpoint.map { ["endpoint": $0] } ?? [:]
        switch server {
        case .moto:
            settings["part-size"] = "5MiB"
            var configuration = try S3Server.moto.configuration(settings)
            configuration.retry = retry
            return S3ObjectStore(
                configuration, credentials: StaticCredentials(S3Server.moto.credentials), http: client)
        case .azure:
            settings["part-size"] = "1MiB"
            return try Cloud.azure.store(settings, retry: retry, client: client)
        case .gcs:
            settings["part-size"] = "1MiB"
            return try Cloud.gcs.store(settings, retry: retry, client: client)
        }
    }

    /// Refuses from the moment on when the body is asked for its second half, so many times.
    private final class Outage: Sendable {
        private let left = Mutex(0)

        func begin(_ refusals: Int) { left.withLock { $0 = refusals } }

        func refuses() -> Bool {
            left.withLock { left in
                guard left > 0 else { return false }
                left -= 1
                return true
            }
        }
    }

    @Test(arguments: Server.allCases, [false, true])
    func whatHoursHangOnIsTriedForLonger(server: Server, endsBeforeTheLastRequest: Bool) async throws {
        let outage = Outage()
        let client = AnsweringClient(before: try Cloud.sharedClient.get()) { _ in
            outage.refuses() ? .answer(503) : nil
        }
        let store = try store(server, client)
        let key = S3Server.prefix("patience") + "a"
        // Somebody has asked before, and was answered.
        #expect(try await store.list(ListRequest(prefix: key)).objects.isEmpty)
        let bytes = Cloud.pattern(11 << 20)
        let position = Mutex(0)
        let body = ByteStream {
            let start = position.withLock { position in
                defer { position += 1 << 20 }
                return position
            }
            if start == (endsBeforeTheLastRequest ? 6 << 20 : 11 << 20) { outage.begin(Self.patient.attempts - 1) }
            return start < bytes.count ? Array(bytes[start..<(start + 1 << 20)]) : nil
        }
        try await store.put(key, .stream(body, length: nil), options: PutOptions())
        #expect(!outage.refuses())
        #expect(try await store.get(key, range: nil).body.collect(upTo: bytes.count) == bytes)
        // One request's body is no less gone.
        outage.begin(Self.patient.attempts - 1)
        try await store.put(key, .stream(ByteStream([1, 2]), length: nil), options: PutOptions())
        // Who can send it all again does so: one is not to be multiplied by the other.
        // Four blocks are on their way at once and share the refusals.
        outage.begin(Self.quick.attempts * (server == .azure ? 4 : 1))
        await #expect(throws: ObjectStoreError.self) {
            try await store.put(key, .bytes([UInt8](repeating: 1, count: (64 << 20) + 1)), options: PutOptions())
        }
        outage.begin(0)
        try await store.delete([key])
    }

    /// Where nobody has ever answered the first policy holds.
    @Test(arguments: Server.allCases) func aWrongAddressShowsSoon(server: Server) async throws {
        let asked = Outage()
        let counts = 100
        asked.begin(counts)
        let client = AnsweringClient { _ in
            _ = asked.refuses()
            return .answer(503)
        }
        let store = try store(server, client)
        let body = ByteStream(Cloud.pattern(64 << 10))
        await #expect(throws: ObjectStoreError.self) {
            try await store.put("a", .stream(body, length: nil), options: PutOptions())
        }
        var left = 0
        while asked.refuses() { left += 1 }
        #expect(counts - left == Self.quick.attempts)
    }
}
