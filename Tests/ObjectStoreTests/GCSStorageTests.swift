import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization
import Testing

@testable import CloudStorage
@testable import GCSObjectStore

/// What Google has besides the promises of every store.
@Suite(.enabled(if: Cloud.areThere, "needs the testbed")) struct GCSStorageTests {
    private func store(
        _ settings: [String: String] = [:], bucket: String? = nil, client: (any HTTPClient)? = nil
    ) throws -> GCSObjectStore {
        try #require(try Cloud.gcs.store(settings, bucket: bucket, client: client) as? GCSObjectStore)
    }

    private var lockBucket: String { Cloud.gcs.value("LOCK_BUCKET") ?? "" }

    /// All of an object's resource.
    private func resource(_ store: GCSObjectStore, _ key: String) async throws -> JSONValue {
        try await store.connection.document(StoreRequest("GET", "stat", key: key))
    }

    /// Velero's `storeEndpoint` is the address of the JSON API itself.
    @Test func endpointsWithThePathOfTheService() async throws {
        let server = try #require(Cloud.gcs.value("ENDPOINT"))
        let key = S3Server.prefix("gcs") + "a"
        for name in ["storeEndpoint", "endpoint"] {
            for path in ["/storage/v1/", "/storage/v1", "/"] {
                var settings = [name: server + path]
                if name != "endpoint" { settings["endpoint"] = "" }
                let store = try store(settings)
                #expect(store.connection.configuration.endpoint?.text == server, "\(name) \(path)")
                try await store.put(key, .stream(ByteStream([1, 2]), length: nil), options: PutOptions())
                #expect(try await store.get(key, range: nil).body.collect(upTo: 2) == [1, 2])
            }
        }
        try await store().delete([key])
    }

    @Test func howObjectsAreStored() async throws {
        let kms = "projects/godwit/locations/eu/keyRings/r/cryptoKeys/k"
        let store = try store(["part-size": "256KiB", "storage-class": "nearline", "kmsKeyName": kms])
        let prefix = S3Server.prefix("gcs")
        for (name, size) in [("small", 5), ("large", 1 << 20)] {
            try await store.put(
                prefix + name, .stream(ByteStream(Cloud.pattern(size)), length: nil),
                options: PutOptions(contentType: "text/plain"))
            let resource = try await resource(store, prefix + name)
            #expect(resource["storageClass"]?.string == "NEARLINE")
            #expect(resource["contentType"]?.string == "text/plain")
            #expect(resource["kmsKeyName"]?.string == "\(kms)/cryptoKeyVersions/1")
        }
        try await store.delete([prefix + "small", prefix + "large"])
        let foreign = try self.store(["kms-key-name": kms.replacing("godwit", with: "other")])
        await expectError(.accessDenied) { try await foreign.put(prefix + "a", .bytes([1]), options: PutOptions()) }
    }

    @Test func generations() async throws {
        let store = try store()
        let key = S3Server.prefix("gcs") + "a"
        let first = try await store.put(key, .bytes([1]), options: PutOptions())
        let second = try await store.put(key, .bytes([1]), options: PutOptions())
        #expect(first.etag != nil && first.etag != second.etag)
        #expect(try await store.get(key, range: 0..<1).info.etag == second.etag)
        #expect(try await store.stat(key)?.etag == second.etag)
        #expect(try await store.list(ListRequest(prefix: key)).objects.first?.etag == second.etag)
        try await store.delete([key])
    }

    @Test func retention() async throws {
        let store = try store(["retention": "unlocked", "retain": "1h", "part-size": "256KiB"], bucket: lockBucket)
        #expect(store.capabilities.objectLock)
        let prefix = S3Server.prefix("gcs")
        for (name, size) in [("small", 5), ("large", 1 << 20)] {
            let key = prefix + name
            let until = Date().addingTimeInterval(3600)
            try await store.put(
                key, .stream(ByteStream(Cloud.pattern(size)), length: nil), options: PutOptions(retainUntil: until))
            let kept = try await resource(store, key)["retention"]
            #expect(kept?["mode"]?.string == "Unlocked")
            #expect(kept?["retainUntilTime"]?.string == ServiceDate.extended(until))
            await expectError(.locked) { try await store.delete([key]) }
            await expectError(.locked) { try await store.put(key, .bytes([]), options: PutOptions()) }
        }
        // Where it cannot be had the service refuses, rather than to leave the object unprotected.
        await expectError(.invalidConfiguration) {
            try await self.store().put(
                prefix + "a", .bytes([1]), options: PutOptions(retainUntil: Date().addingTimeInterval(60)))
        }
    }

    @Test(arguments: ["temporary", "event-based"]) func holds(hold: String) async throws {
        let store = try store(["hold": hold])
        let key = S3Server.prefix("gcs") + "a"
        try await store.put(key, .bytes([1]), options: PutOptions())
        await expectError(.locked) { try await store.delete([key]) }
    }

    @Test func whoPays() async throws {
        let bucket = Cloud.gcs.value("PAYER_BUCKET")
        await expectError(.invalidConfiguration) {
            _ = try await self.store(bucket: bucket).list(ListRequest(prefix: ""))
        }
        let store = try store(["user-project": "mine", "part-size": "256KiB"], bucket: bucket)
        let key = S3Server.prefix("gcs") + "a"
        let bytes = Cloud.pattern(600_000)
        try await store.put(key, .stream(ByteStream(bytes), length: nil), options: PutOptions())
        #expect(try await store.get(key, range: nil).body.collect(upTo: bytes.count) == bytes)
        let url = try #require(try await store.signedURL(for: key, expiresIn: .seconds(60)))
        #expect(try await S3Server.fetch(url).body == bytes)
        try await store.delete([key])
    }

    /// Chunks of any fill: the last one full, short, or none.
    @Test(arguments: [262_143, 262_144, 262_145, 524_288, 524_289, 1_000_000])
    func uploadsOfAllSizes(size: Int) async throws {
        let store = try store(["part-size": "256KiB"])
        let key = S3Server.prefix("gcs") + "a"
        let bytes = Cloud.pattern(size)
        for length in [nil, Int64(size)] {
            let info = try await store.put(key, .stream(ByteStream(bytes), length: length), options: PutOptions())
            #expect(info.size == Int64(size))
            #expect(try await store.get(key, range: nil).body.collect(upTo: size) == bytes)
        }
        await expectError(.corrupted) {
            try await store.put(key, .stream(ByteStream(bytes), length: Int64(size + 1)), options: PutOptions())
        }
        try await store.delete([key])
    }

    /// A put that is cancelled takes its session away.
    @Test func cancelledUploads() async throws {
        let recorder = RecordingClient(try Cloud.sharedClient.get())
        let store = try store(["part-size": "256KiB"], client: recorder)
        let key = S3Server.prefix("gcs") + "a"
        let position = Mutex(0)
        let started = BoundedChannel<Int>(limit: 1000) { _ in 1 }
        let body = ByteStream {
            let number = position.withLock { position in
                position += 1
                return position
            }
            if number <= 3 { return [UInt8](repeating: 1, count: 256 << 10) }
            started.finish()
            try await Task.sleep(for: .seconds(3600))
            return nil
        }
        let put = Task { try await store.put(key, .stream(body, length: nil), options: PutOptions()) }
        _ = try await started.next()
        put.cancel()
        await #expect(throws: CancellationError.self) { try await put.value }
        let last = try #require(recorder.requests.last)
        #expect(last.method == "DELETE" && last.url.contains("/upload/session/"))
        let gone = try await Cloud.sharedClient.get().send(
            HTTPRequest("PUT", last.url, headers: ["Content-Range": "bytes */*"], body: .bytes([])))
        #expect(gone.status == 410)
        #expect(try await store.stat(key) == nil)
    }

    @Test(arguments: ["line\nfeed", "a/carriage\rreturn", ".well-known/acme-challenge/a"])
    func namesThatGoogleRefuses(key: String) async throws {
        let store = try store()
        await expectError(.invalidKey) { try await store.put(key, .bytes([]), options: PutOptions()) }
        await expectError(.invalidKey) { try await store.delete([key]) }
    }
}
