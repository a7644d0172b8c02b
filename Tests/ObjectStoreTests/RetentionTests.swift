import Foundation
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization
import Testing

@testable import AzureObjectStore
@testable import CloudStorage
@testable import GCSObjectStore
@testable import S3ObjectStore

/// Locations that keep what is stored in them, on servers that do.
@Suite(.enabled(if: Cloud.areThere, "needs the testbed")) struct RetentionTests {
    private static let small: [UInt8] = [1, 2, 3]
    private static let large = Cloud.pattern(6 << 20)
    /// Of one request, and of parts.
    private static let bodies = [("small", small), ("large", large)]

    private static let shortLived = PutOptions(isShortLived: true)

    private func azure(_ settings: [String: String], client: (any HTTPClient)? = nil) throws -> AzureObjectStore {
        let settings = settings.merging(["part-size": "1MiB"]) { own, _ in own }
        let store = try Cloud.azure.store(settings, bucket: Cloud.azure.value("LOCK_CONTAINER"), client: client)
        return try #require(store as? AzureObjectStore)
    }

    private func gcs(_ settings: [String: String], client: (any HTTPClient)? = nil) throws -> GCSObjectStore {
        let settings = settings.merging(["part-size": "1MiB"]) { own, _ in own }
        let store = try Cloud.gcs.store(settings, bucket: Cloud.gcs.value("LOCK_BUCKET"), client: client)
        return try #require(store as? GCSObjectStore)
    }

    /// About an hour from now.
    private func isInAnHour(_ date: Date?) -> Bool { date.map { abs($0.timeIntervalSinceNow - 3600) < 120 } ?? false }

    @Test(arguments: S3Server.allCases) func s3(server: S3Server) async throws {
        let settings = ["object-lock": "governance", "retain": "1h", "legal-hold": "true", "part-size": "5MiB"]
        let store = try server.store(try server.configuration(settings), bucket: server.value("LOCK_BUCKET"))
        let prefix = S3Server.prefix("retain")
        for (name, bytes) in Self.bodies {
            try await store.put(prefix + name, .stream(ByteStream(bytes), length: nil), options: PutOptions())
            let headers = try #require(try await store.headers(of: prefix + name, "stat"))
            #expect(headers["x-amz-object-lock-mode"] == "GOVERNANCE")
            let until = headers["x-amz-object-lock-retain-until-date"].flatMap(ServiceDate.parseExtended)
            #expect(isInAnHour(until))
            #expect(headers["x-amz-object-lock-legal-hold"] == "ON")
            let key = prefix + "short-" + name
            try await store.put(key, .stream(ByteStream(bytes), length: nil), options: Self.shortLived)
            let free = try #require(try await store.headers(of: key, "stat"))
            #expect(free["x-amz-object-lock-mode"] == nil)
            #expect(free["x-amz-object-lock-legal-hold"] != "ON")
        }
        // The writer's own date wins.
        let until = Date().addingTimeInterval(7200)
        try await store.put(prefix + "own", .bytes([1]), options: PutOptions(retainUntil: until))
        let headers = try #require(try await store.headers(of: prefix + "own", "stat"))
        let found = headers["x-amz-object-lock-retain-until-date"].flatMap(ServiceDate.parseExtended)
        #expect(abs(try #require(found).timeIntervalSince(until)) < 1.5)
    }

    @Test func azure() async throws {
        let store = try azure(["immutability": "unlocked", "retain": "1h", "legal-hold": "true"])
        let prefix = S3Server.prefix("retain")
        for (name, bytes) in Self.bodies {
            try await store.put(prefix + name, .stream(ByteStream(bytes), length: nil), options: PutOptions())
            let headers = try #require(try await store.headers(of: prefix + name, "stat"))
            #expect(headers["x-ms-immutability-policy-mode"] == "Unlocked")
            #expect(isInAnHour(headers["x-ms-immutability-policy-until-date"].flatMap(ServiceDate.parseHTTP)))
            #expect(try await store.stat(prefix + name)?.isLocked == true)
            await expectError(.locked) { try await store.delete([prefix + name]) }
        }
        try await rewriteAndDelete(prefix, store)
    }

    @Test(arguments: ["temporary", "event-based"]) func gcs(hold: String) async throws {
        let store = try gcs(["retention": "unlocked", "retain": "1h", "hold": hold])
        let prefix = S3Server.prefix("retain")
        for (name, bytes) in Self.bodies {
            try await store.put(prefix + name, .stream(ByteStream(bytes), length: nil), options: PutOptions())
            let resource = try await store.connection.document(StoreRequest("GET", "stat", key: prefix + name))
            #expect(resource["retention"]?["mode"]?.string == "Unlocked")
            #expect(isInAnHour(resource["retention"]?["retainUntilTime"]?.string.flatMap(ServiceDate.parseExtended)))
            #expect(try await store.stat(prefix + name)?.isLocked == true)
            await expectError(.locked) { try await store.delete([prefix + name]) }
        }
        try await rewriteAndDelete(prefix, store)
    }

    /// As heartbeats are.
    private func rewriteAndDelete(_ prefix: String, _ store: any ObjectStore) async throws {
        for (name, bytes) in Self.bodies {
            for _ in 0..<2 {
                try await store.put(
                    prefix + "short-" + name, .stream(ByteStream(bytes), length: nil), options: Self.shortLived)
            }
            #expect(try await store.stat(prefix + "short-" + name)?.isLocked == false)
            try await store.delete([prefix + "short-" + name])
            #expect(try await store.stat(prefix + "short-" + name) == nil)
        }
    }

    /// A put whose first answer was lost is not refused because its own object is protected by now.
    @Test(arguments: Cloud.allCases, ["hold", "retention"]) func lostAnswers(cloud: Cloud, kind: String) async throws {
        let losses = Mutex(0)
        let inner = try Cloud.sharedClient.get()
        let client = AnsweringClient { request in
            let answer = try await inner.send(request)
            let isUpload =
                switch cloud {
                case .azure: request.method == "PUT" && !request.url.contains("comp=block&")
                case .gcs: request.url.contains("uploadType=multipart") || request.headers["X-Goog-Hash"] != nil
                }
            guard isUpload, (200..<300).contains(answer.status), losses.withLock({ $0 }) > 0 else { return answer }
            losses.withLock { $0 -= 1 }
            _ = try await answer.body.collect(upTo: 1 << 20)
            return .answer(503)
        }
        let store: any ObjectStore =
            switch (cloud, kind) {
            case (.azure, "hold"): try azure(["legal-hold": "true"], client: client)
            case (.azure, _): try azure(["immutability": "unlocked", "retain": "1h"], client: client)
            case (.gcs, "hold"): try gcs(["hold": "temporary"], client: client)
            case (.gcs, _): try gcs(["retention": "unlocked", "retain": "1h"], client: client)
            }
        let prefix = S3Server.prefix("lost")
        for (name, bytes) in Self.bodies {
            losses.withLock { $0 = 1 }
            let info = try await store.put(
                prefix + name, .stream(ByteStream(bytes), length: nil), options: PutOptions())
            #expect(info.size == Int64(bytes.count))
            #expect(losses.withLock { $0 } == 0)
        }
        // Bytes at hand are put again from outside.
        losses.withLock { $0 = 1 }
        let retrying = RetryingObjectStore(store)
        try await retrying.put(prefix + "bytes", .bytes(Self.small), options: PutOptions())
        #expect(losses.withLock { $0 } == 0)
        // Another's object is in the way as before, also if it is of the same bytes.
        await expectError(.locked) {
            try await retrying.put(prefix + "bytes", .bytes(Self.small), options: PutOptions())
        }
        await expectError(.locked) {
            try await store.put(prefix + "small", .stream(ByteStream(Self.small), length: nil), options: PutOptions())
        }
    }
}

/// How long objects are kept, as settings say it.
@Suite struct RetentionSettingsTests {
    private func retention(_ store: DocumentedSettingsTests.Store, _ settings: [String: String]) throws -> Duration? {
        switch store {
        case .s3: try S3Configuration(bucket: "bucket", settings: settings).retention
        case .azure: try AzureConfiguration(container: "bucket", settings: settings).retention
        case .gcs: try GCSConfiguration(bucket: "bucket", settings: settings).retainFor
        }
    }

    private func mode(_ store: DocumentedSettingsTests.Store) -> (key: String, value: String) {
        switch store {
        case .s3: ("object-lock", "compliance")
        case .azure: ("immutability", "locked")
        case .gcs: ("retention", "locked")
        }
    }

    @Test(arguments: DocumentedSettingsTests.Store.allCases)
    func modeAndLengthGoTogether(store: DocumentedSettingsTests.Store) throws {
        let (key, value) = mode(store)
        for (text, hours) in [("30d", 720), ("1h", 1), ("12h", 12), ("90m", 1.5), ("36500d", 876_000)] {
            let found = try retention(store, [key: value, "retain": text])
            #expect(found == .seconds(hours * 3600), "\(text)")
        }
        for text in ["0d", "-1d", "59m", "30", "d", "1.5d", "36501d", "99999999999999999d", "a month"] {
            let error = #expect(throws: SettingError.self) { try retention(store, [key: value, "retain": text]) }
            #expect(error?.key == "retain", "\(text)")
        }
        let alone = #expect(throws: SettingError.self) { try retention(store, [key: value]) }
        #expect(alone?.key == key && alone?.reason?.contains("retain=30d") == true)
        let length = #expect(throws: SettingError.self) { try retention(store, ["retain": "30d"]) }
        #expect(length?.key == "retain" && length?.reason?.contains(key) == true)
    }
}
