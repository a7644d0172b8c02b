import Foundation
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization
import Testing

@testable import AzureObjectStore
@testable import CloudStorage

/// What Azure has besides the promises of every store.
@Suite(.enabled(if: Cloud.areThere, "needs the testbed")) struct AzureStorageTests {
    private func store(_ settings: [String: String] = [:], bucket: String? = nil) throws -> AzureObjectStore {
        try #require(try Cloud.azure.store(settings, bucket: bucket) as? AzureObjectStore)
    }

    private var lockContainer: String { Cloud.azure.value("LOCK_CONTAINER") ?? "" }

    @Test func howBlobsAreStored() async throws {
        let store = try store(["part-size": "1MiB", "access-tier": "cool"])
        let prefix = S3Server.prefix("azure")
        for (name, size) in [("small", 5), ("large", 3 << 20)] {
            let bytes = Cloud.pattern(size)
            try await store.put(
                prefix + name, .stream(ByteStream(bytes), length: nil), options: PutOptions(contentType: "text/plain"))
            let headers = try #require(try await store.headers(of: prefix + name, "stat"))
            #expect(headers["x-ms-access-tier"] == "Cool")
            #expect(headers["Content-Type"] == "text/plain")
            // Of the whole blob, also where it came in blocks.
            #expect(headers["Content-MD5"] == BlobDigest.md5(bytes))
        }
        try await store.delete([prefix + "small", prefix + "large"])
    }

    /// A blob with snapshots goes with them, and what soft delete keeps is in no answer.
    @Test func snapshotsAndSoftDelete() async throws {
        let store = try store()
        let key = S3Server.prefix("azure") + "a"
        try await store.put(key, .bytes([1]), options: PutOptions())
        var request = StoreRequest("PUT", "put", key: key)
        request.query = [("comp", "snapshot")]
        request.body = []
        try await store.connection.perform(request)
        #expect(try await store.list(ListRequest(prefix: key)).objects.count == 1)
        try await store.delete([key])
        #expect(try await store.stat(key) == nil)
        #expect(try await store.list(ListRequest(prefix: key)).objects.isEmpty)
        try await store.put(key, .bytes([2]), options: PutOptions(ifAbsent: true))
        try await store.delete([key])
    }

    @Test func immutability() async throws {
        let store = try store(["immutability": "unlocked", "retain": "1h", "part-size": "1MiB"], bucket: lockContainer)
        #expect(store.capabilities.objectLock)
        let prefix = S3Server.prefix("azure")
        for (name, size) in [("small", 5), ("large", 3 << 20)] {
            let key = prefix + name
            let until = Date().addingTimeInterval(3600)
            try await store.put(
                key, .stream(ByteStream(Cloud.pattern(size)), length: nil), options: PutOptions(retainUntil: until))
            let headers = try #require(try await store.headers(of: key, "stat"))
            #expect(headers["x-ms-immutability-policy-mode"] == "Unlocked")
            #expect(headers["x-ms-immutability-policy-until-date"] == ServiceDate.http(until))
            await expectError(.locked) { try await store.delete([key]) }
            await expectError(.locked) { try await store.put(key, .bytes([]), options: PutOptions()) }
        }
        // Where it cannot be had the service refuses, rather than to leave the blob unprotected.
        await expectError(.invalidConfiguration) {
            try await self.store().put(
                prefix + "a", .bytes([1]), options: PutOptions(retainUntil: Date().addingTimeInterval(60)))
        }
    }

    @Test func legalHolds() async throws {
        let store = try store(["legal-hold": "true"], bucket: lockContainer)
        let key = S3Server.prefix("azure") + "a"
        try await store.put(key, .bytes([1]), options: PutOptions())
        await expectError(.locked) { try await store.delete([key]) }
        #expect(try await store.get(key, range: nil).body.collect(upTo: 1) == [1])
    }

    /// What a killed upload has staged is in no listing, and is discarded on demand; blobs stay as they are.
    @Test func stagedBlocksAreDiscarded() async throws {
        let store = try store()
        let prefix = S3Server.prefix("azure")
        try await store.put(prefix + "there", .bytes([]), options: PutOptions())
        for name in ["left ü", "there"] {
            var request = StoreRequest("PUT", "put", key: prefix + name)
            request.query = [("comp", "block"), ("blockid", "AAAA")]
            request.body = [1, 2, 3]
            try await store.connection.perform(request)
        }
        func staged() async throws -> [String] {
            try await store.listBlobs(ListRequest(prefix: prefix), including: "uncommittedblobs").objects.map(\.key)
        }
        #expect(try await staged() == [prefix + "left ü", prefix + "there"])
        #expect(try await store.list(ListRequest(prefix: prefix)).objects.map(\.key) == [prefix + "there"])
        try await store.discardUnfinishedPuts(below: prefix)
        #expect(try await staged() == [prefix + "there"])
        #expect(try await store.stat(prefix + "left ü") == nil)
        try await store.delete([prefix + "there"])
        // In a container that keeps what is made nothing is made.
        let locked = try self.store(bucket: lockContainer)
        var request = StoreRequest("PUT", "put", key: prefix + "left")
        request.query = [("comp", "block"), ("blockid", "AAAA")]
        request.body = [1]
        try await locked.connection.perform(request)
        try await locked.discardUnfinishedPuts(below: prefix)
        #expect(try await locked.list(ListRequest(prefix: prefix)).objects.isEmpty)
        #expect(
            try await locked.listBlobs(ListRequest(prefix: prefix), including: "uncommittedblobs").objects.count == 1)
    }

    /// A blob that is made to discard blocks is marked: where it could not be deleted, the next one who cleans up does.
    @Test func whatIsMadeToDiscardBlocksDoesNotStay() async throws {
        let sound = try store()
        let refusals = Mutex(0)
        let client = AnsweringClient(before: try Cloud.sharedClient.get()) { request in
            guard request.method == "DELETE", refusals.withLock({ $0 }) > 0 else { return nil }
            refusals.withLock { $0 -= 1 }
            return .answer(503, ["x-ms-error-code": "ServerBusy"])
        }
        func staged(_ prefix: String) async throws -> [String] {
            try await sound.listBlobs(ListRequest(prefix: prefix), including: "uncommittedblobs").objects.map(\.key)
        }
        func stage(_ key: String) async throws {
            var request = StoreRequest("PUT", "put", key: key)
            request.query = [("comp", "block"), ("blockid", "AAAA")]
            request.body = [1, 2, 3]
            try await sound.connection.perform(request)
        }
        // Once asked, once refused: it stays, and whoever cleans up is told.
        let prefix = S3Server.prefix("azure")
        try await stage(prefix + "left")
        let once = try Cloud.azure.store(retry: .none, client: client)
        refusals.withLock { $0 = 1 }
        await expectError(.throttled) { try await once.discardUnfinishedPuts(below: prefix) }
        try await sound.put(prefix + "own", .bytes([]), options: PutOptions(ifAbsent: true))
        #expect(try await staged(prefix) == [prefix + "left", prefix + "own"])
        try await once.discardUnfinishedPuts(below: prefix)
        #expect(try await staged(prefix) == [prefix + "own"])
        // A refusal that passes is not even noticed.
        try await stage(prefix + "left")
        refusals.withLock { $0 = 1 }
        try await Cloud.azure.store(client: client).discardUnfinishedPuts(below: prefix)
        #expect(try await staged(prefix) == [prefix + "own"])
        try await sound.delete([prefix + "own"])
    }

    /// In accounts with a hierarchical namespace directories stand in listings. They are no objects.
    @Test func directoriesAreNotListed() async throws {
        let store = try store()
        let prefix = S3Server.prefix("azure")
        var request = StoreRequest("PUT", "put", key: prefix + "folder")
        request.headers = ["x-ms-blob-type": "BlockBlob", "x-ms-meta-hdi_isfolder": "true"]
        request.body = []
        try await store.connection.perform(request)
        try await store.put(prefix + "folder/a", .bytes([1]), options: PutOptions())
        #expect(try await store.list(ListRequest(prefix: prefix)).objects.map(\.key) == [prefix + "folder/a"])
        try await store.delete([prefix + "folder/a", prefix + "folder"])
    }

    /// Of two writers of a blob one finishes first, and the blob is one of the two, whole.
    @Test func twoWritersOfOneBlob() async throws {
        let store = try store(["part-size": "64KiB"])
        let key = S3Server.prefix("azure") + "a"
        let outcomes = await withTaskGroup(of: Result<UInt8, any Error>.self) { group in
            for number in UInt8(1)...6 {
                group.addTask {
                    do {
                        try await store.put(
                            key, .stream(ByteStream([UInt8](repeating: number, count: 400_000)), length: nil),
                            options: PutOptions(ifAbsent: true))
                        return .success(number)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var all: [Result<UInt8, any Error>] = []
            for await outcome in group { all.append(outcome) }
            return all
        }
        let winners = outcomes.compactMap { try? $0.get() }
        #expect(winners.count == 1)
        for case .failure(let error) in outcomes {
            #expect((error as? ObjectStoreError)?.kind == .alreadyExists, "\(error)")
        }
        let bytes = try await store.get(key, range: nil).body.collect(upTo: 1 << 20)
        #expect(bytes == [UInt8](repeating: winners.first ?? 0, count: 400_000))
        try await store.delete([key])
    }

    @Test(arguments: [
        "a.", "b./c", "back\\slash", "line\nfeed", "bell\u{7}", "next\u{85}", "last\u{FFFF}",
        String(repeating: "a/", count: 254) + "a",
    ]) func namesThatAzureWouldChange(key: String) async throws {
        let store = try store()
        await expectError(.invalidKey) { try await store.put(key, .bytes([]), options: PutOptions()) }
        await expectError(.invalidKey) { _ = try await store.stat(key) }
        await expectError(.invalidKey) { _ = try await store.get(key, range: nil) }
        await expectError(.invalidKey) { try await store.delete([key]) }
    }
}

/// MD5 as the service writes it.
enum BlobDigest {
    static func md5(_ bytes: [UInt8]) -> String? {
        let verifier = BodyVerifier(.md5(""))
        verifier.add(bytes)
        // "its MD5 is X and should be …"
        return verifier.flaw?.split(separator: " ").dropFirst(3).first.map(String.init)
    }
}
