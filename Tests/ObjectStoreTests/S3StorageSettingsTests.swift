import AWS
import CloudStorage
import Foundation
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization
import Testing

@testable import S3ObjectStore

/// How objects are stored, as the servers themselves tell it afterwards: for a put of one request, and for one of parts.
@Suite(.enabled(if: S3Server.areThere, "needs the testbed")) struct S3StorageSettingsTests {
    private static let small: [UInt8] = Array("small".utf8)
    private static let large = (0..<(6 << 20)).map { UInt8(truncatingIfNeeded: $0 >> 8 ^ $0) }

    /// Puts both kinds of object with some settings, and hands their keys to a check.
    private func withObjects(
        _ server: S3Server, _ settings: [String: String],
        _ check: (S3ObjectStore, String, [UInt8]) async throws -> Void
    ) async throws {
        let store = try server.store(settings.merging(["part-size": "5MiB"]) { own, _ in own })
        let prefix = S3Server.prefix("settings")
        for (name, bytes) in [("small", Self.small), ("large", Self.large)] {
            try await store.put(prefix + name, .stream(ByteStream(bytes), length: nil), options: PutOptions())
            try await check(store, prefix + name, bytes)
            try await store.delete([prefix + name])
        }
    }

    private func headers(_ store: S3ObjectStore, _ key: String) async throws -> HTTPHeaders {
        try #require(try await store.headers(of: key, "stat"))
    }

    @Test func storageClass() async throws {
        try await withObjects(.moto, ["storage-class": "STANDARD_IA"]) { store, key, _ in
            let headers = try await headers(store, key)
            #expect(headers["x-amz-storage-class"] == "STANDARD_IA")
        }
        let unknown = try S3Server.radosgw.store(["storage-class": "NO_SUCH_CLASS"])
        await #expect(throws: ObjectStoreError.self) {
            try await unknown.put(S3Server.prefix("class") + "a", .bytes([1]), options: PutOptions())
        }
    }

    @Test(arguments: S3Server.allCases) func tags(server: S3Server) async throws {
        try await withObjects(server, ["tagging": "team=back%20up&cost=b"]) { store, key, _ in
            // radosgw 16 leaves the tags of an upload in parts out, whoever sends them.
            if server == .radosgw, key.hasSuffix("large") { return }
            var request = StoreRequest("GET", "get", key: key)
            request.query = [("tagging", "")]
            let document = try await store.connection.document(request)
            let tags = (document.first("TagSet")?.all("Tag") ?? []).map {
                "\($0.text("Key") ?? "")=\($0.text("Value") ?? "")"
            }
            #expect(Set(tags) == ["team=back up", "cost=b"])
        }
    }

    @Test func encryptionWithTheStoresKeys() async throws {
        try await withObjects(.moto, ["sse": "AES256"]) { store, key, _ in
            let headers = try await headers(store, key)
            #expect(headers["x-amz-server-side-encryption"] == "AES256")
        }
    }

    @Test func encryptionWithAManagedKey() async throws {
        let keyID = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        for settings in [["kms-key-id": keyID], ["sse": "aws:kms", "kms-key-id": keyID]] {
            try await withObjects(.moto, settings) { store, key, _ in
                let headers = try await headers(store, key)
                #expect(headers["x-amz-server-side-encryption"] == "aws:kms")
                #expect(headers["x-amz-server-side-encryption-aws-kms-key-id"] == keyID)
            }
        }
    }

    /// radosgw really encrypts: without the key there is no reading.
    @Test func encryptionWithACustomersKey() async throws {
        func store(_ key: [UInt8]?) throws -> S3ObjectStore {
            var configuration = try S3Server.radosgw.configuration(["part-size": "5MiB"])
            if let key { configuration.encryption = .customerKey(SecretBytes(key)) }
            return S3ObjectStore(
                configuration, credentials: StaticCredentials(S3Server.radosgw.credentials),
                http: try S3Server.sharedClient.get())
        }
        let own = try store((0..<32).map { $0 })
        let prefix = S3Server.prefix("customer")
        for (name, bytes) in [("small", Self.small), ("large", Self.large)] {
            let key = prefix + name
            try await own.put(key, .stream(ByteStream(bytes), length: nil), options: PutOptions())
            #expect(try await own.stat(key)?.size == Int64(bytes.count))
            #expect(try await own.get(key, range: nil).body.collect(upTo: bytes.count) == bytes)
            #expect(try await own.get(key, range: 1..<4).body.collect(upTo: 10) == Array(bytes[1..<4]))
            for other in [nil, (0..<32).map { 200 - $0 }] as [[UInt8]?] {
                await #expect(throws: ObjectStoreError.self) {
                    _ = try await store(other).get(key, range: nil).body.collect(upTo: bytes.count)
                }
            }
            try await own.delete([key])
        }
    }

    /// S3 wants the key with every request about an upload that has checksums, its completion too.
    @Test func theCustomersKeyGoesWithEachRequestOfAnUpload() async throws {
        let recorder = RecordingClient(try S3Server.sharedClient.get())
        var configuration = try S3Server.radosgw.configuration(["part-size": "5MiB"])
        configuration.encryption = .customerKey(SecretBytes([UInt8](repeating: 3, count: 32)))
        let store = S3ObjectStore(
            configuration, credentials: StaticCredentials(S3Server.radosgw.credentials), http: recorder)
        let key = S3Server.prefix("customer") + "a"
        try await store.put(key, .stream(ByteStream(Self.large), length: nil), options: PutOptions())
        try await store.delete([key])
        let uploads = recorder.requests.filter { $0.url.contains("upload") }
        #expect(uploads.count == 4)
        for request in uploads {
            #expect(request.headers["x-amz-server-side-encryption-customer-key"] != nil, "\(request.method)")
        }
    }

    /// The checksum of the whole object goes with an upload of parts, and what the server makes of it harms no reader.
    @Test func checksumsOfWholeObjects() async throws {
        let recorder = RecordingClient(try S3Server.sharedClient.get())
        var configuration = try S3Server.moto.configuration(["part-size": "5MiB"])
        configuration.wholeChecksum = true
        let store = S3ObjectStore(
            configuration, credentials: StaticCredentials(S3Server.moto.credentials), http: recorder)
        let key = S3Server.prefix("whole") + "a"
        try await store.put(key, .stream(ByteStream(Self.large), length: nil), options: PutOptions())
        var crc = CRC32C()
        crc.update(Self.large)
        let complete = try #require(recorder.requests.last { $0.method == "POST" })
        #expect(complete.headers["x-amz-checksum-crc32c"] == crc.base64)
        #expect(complete.headers["x-amz-checksum-type"] == "FULL_OBJECT")
        #expect(try await store.get(key, range: nil).body.collect(upTo: Self.large.count) == Self.large)
        try await store.delete([key])
    }

    /// What came is not what the server keeps the checksum of: nobody gets to its end.
    @Test(arguments: ["crc32c", "sha256"]) func damagedBodies(algorithm: String) async throws {
        let key = S3Server.prefix("damaged") + "a"
        let sound = try S3Server.moto.store(["checksum": algorithm])
        try await sound.put(key, .bytes(Self.small), options: PutOptions())
        let store = S3ObjectStore(
            sound.configuration, credentials: StaticCredentials(S3Server.moto.credentials),
            http: DamagingClient(try S3Server.sharedClient.get()))
        await expectError(.corrupted) { _ = try await store.get(key, range: nil).body.collect(upTo: 100) }
        try await sound.delete([key])
    }

    @Test(arguments: S3Server.allCases) func legalHolds(server: S3Server) async throws {
        let configuration = try server.configuration(["legal-hold": "true", "part-size": "5MiB"])
        let store = try server.store(configuration, bucket: server.value("LOCK_BUCKET"))
        let prefix = S3Server.prefix("hold")
        for (name, bytes) in [("small", Self.small), ("large", Self.large)] {
            try await store.put(prefix + name, .stream(ByteStream(bytes), length: nil), options: PutOptions())
            let headers = try await headers(store, prefix + name)
            #expect(headers["x-amz-object-lock-legal-hold"] == "ON")
        }
    }

    @Test(arguments: S3Server.allCases) func retentionOfBothKinds(server: S3Server) async throws {
        for mode in ["governance", "compliance"] {
            let configuration = try server.configuration(["object-lock": mode, "retain": "1h", "part-size": "5MiB"])
            let store = try server.store(configuration, bucket: server.value("LOCK_BUCKET"))
            let prefix = S3Server.prefix("retention")
            let until = Date().addingTimeInterval(60)
            for (name, bytes) in [("small", Self.small), ("large", Self.large)] {
                try await store.put(
                    prefix + name, .stream(ByteStream(bytes), length: nil), options: PutOptions(retainUntil: until))
                let headers = try await headers(store, prefix + name)
                #expect(headers["x-amz-object-lock-mode"] == mode.uppercased())
                let found = headers["x-amz-object-lock-retain-until-date"].flatMap(ServiceDate.parseExtended)
                #expect(abs(try #require(found).timeIntervalSince(until)) < 1.5)
            }
        }
    }

    /// A put whose lock fails leaves nothing, where there are versions, and says what it leaves where there are none.
    @Test func locksThatFail() async throws {
        let forgetful = Self.forgettingLocks(try S3Server.sharedClient.get())
        for server in S3Server.allCases {
            var configuration = try server.configuration(["legal-hold": "true", "part-size": "5MiB"])
            configuration.bucket = server.value("LOCK_BUCKET") ?? ""
            configuration.retry = .none
            let store = S3ObjectStore(
                configuration, credentials: StaticCredentials(server.credentials), http: forgetful)
            let key = S3Server.prefix("lock") + "a"
            await expectError(.accessDenied) {
                try await store.put(key, .stream(ByteStream(Self.large), length: nil), options: PutOptions())
            }
            var request = StoreRequest("GET", "list")
            request.query = [("versions", ""), ("prefix", key)]
            let versions = try await store.connection.document(request)
            #expect(versions.all("Version").isEmpty && versions.all("DeleteMarker").isEmpty, "\(server)")
        }
        var configuration = try S3Server.moto.configuration(["legal-hold": "true", "part-size": "5MiB"])
        configuration.retry = .none
        let store = S3ObjectStore(
            configuration, credentials: StaticCredentials(S3Server.moto.credentials), http: forgetful)
        let key = S3Server.prefix("lock") + "a"
        do {
            try await store.put(key, .stream(ByteStream(Self.large), length: nil), options: PutOptions())
            Issue.record("there is no error")
        } catch let error as ObjectStoreError {
            #expect(error.reason?.contains("the object is stored without its lock") == true, "\(error)")
        }
        #expect(try await store.stat(key) != nil)
        try await store.delete([key])
    }

    /// Servers that forget the lock of an upload in parts, and credentials that may not set it afterwards.
    private static func forgettingLocks(_ inner: any HTTPClient) -> AnsweringClient {
        AnsweringClient { request in
            if request.method == "PUT", request.url.contains("legal-hold") {
                return .answer(403, [:], "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
            }
            let answer = try await inner.send(request)
            var headers = answer.headers
            headers["x-amz-object-lock-legal-hold"] = nil
            return HTTPResponse(
                status: answer.status, headers: headers, majorVersion: answer.majorVersion, body: answer.body)
        }
    }

    /// What is looked at and locked is what the upload made, and not what somebody else has put since.
    @Test(arguments: S3Server.allCases) func locksAreOfOneVersion(server: S3Server) async throws {
        let recorded = RecordingClient(try S3Server.sharedClient.get())
        var configuration = try server.configuration(["legal-hold": "true", "part-size": "5MiB"])
        configuration.bucket = server.value("LOCK_BUCKET") ?? ""
        let store = S3ObjectStore(
            configuration, credentials: StaticCredentials(server.credentials), http: recorded)
        let key = S3Server.prefix("version") + "a"
        try await store.put(key, .stream(ByteStream(Self.large), length: nil), options: PutOptions())
        let looks = recorded.requests.filter { $0.method == "HEAD" || $0.url.contains("legal-hold") }
        #expect(!looks.isEmpty && looks.allSatisfy { $0.url.contains("versionId=") }, "\(looks.map(\.url))")
    }

    /// To look at a version is a permission of its own: who has not got it locks what he has made unseen.
    @Test(arguments: S3Server.allCases) func whoMayNotLookAtVersions(server: S3Server) async throws {
        let client = AnsweringClient(before: try S3Server.sharedClient.get()) { request in
            request.method == "HEAD" && request.url.contains("versionId=") ? .answer(403) : nil
        }
        var configuration = try server.configuration(["legal-hold": "true", "part-size": "5MiB"])
        configuration.bucket = server.value("LOCK_BUCKET") ?? ""
        let store = S3ObjectStore(
            configuration, credentials: StaticCredentials(server.credentials), http: client)
        let key = S3Server.prefix("unseen") + "a"
        try await store.put(key, .stream(ByteStream(Self.large), length: nil), options: PutOptions())
        #expect(try await headers(store, key)["x-amz-object-lock-legal-hold"] == "ON")
    }

    /// Each request says who pays, also a signed URL; servers that know no such buckets pass over it.
    @Test(arguments: S3Server.allCases) func whoPays(server: S3Server) async throws {
        let recorder = RecordingClient(try S3Server.sharedClient.get())
        let store = S3ObjectStore(
            try server.configuration(["request-payer": "requester"]),
            credentials: StaticCredentials(server.credentials), http: recorder)
        let key = S3Server.prefix("payer") + "a"
        try await store.put(key, .bytes([1]), options: PutOptions())
        #expect(try await store.get(key, range: nil).body.collect(upTo: 1) == [1])
        let url = try #require(try await store.signedURL(for: key, expiresIn: .seconds(60)))
        #expect(url.contains("x-amz-request-payer=requester"))
        #expect(try await S3Server.fetch(url).body == [1])
        try await store.delete([key])
        for request in recorder.requests { #expect(request.headers["x-amz-request-payer"] == "requester") }
    }

    /// A server that knows checksums keeps them and tells them.
    @Test(arguments: [("crc32c", "x-amz-checksum-crc32c"), ("sha256", "x-amz-checksum-sha256")])
    func checksums(algorithm: String, header: String) async throws {
        let store = try S3Server.moto.store(["checksum": algorithm])
        let key = S3Server.prefix("checksum") + "a"
        try await store.put(key, .bytes(Self.small), options: PutOptions())
        var request = StoreRequest("HEAD", "stat", key: key)
        request.headers["x-amz-checksum-mode"] = "ENABLED"
        let expected = try #require(store.configuration.checksum.value(of: Self.small))
        #expect(try await store.connection.send(request).headers[header] == expected)
        try await store.delete([key])
    }
}

/// Remembers what is sent.
final class RecordingClient: HTTPClient {
    private let inner: any HTTPClient
    private let log = Mutex<[HTTPRequest]>([])

    var requests: [HTTPRequest] { log.withLock { $0 } }

    init(_ inner: any HTTPClient) { self.inner = inner }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        log.withLock { $0.append(request) }
        return try await inner.send(request)
    }
}
