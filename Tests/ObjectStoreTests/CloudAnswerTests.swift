import AWS
import Foundation
import GodwitPluginAPI
import HTTPTransport
import ProgramTestKit
import Streams
import Synchronization
import Testing

@testable import AzureObjectStore
@testable import CloudStorage
@testable import GCSObjectStore
@testable import S3ObjectStore

/// Answers that are not what was asked for: of somebody else, half of one, and such as only the vendors give.
@Suite struct CloudAnswerTests {
    // MARK: S3

    @Test func aPageIsNoAnswerOfS3() async throws {
        let store = try AnsweringClient.s3 { _ in .page }
        let long = ByteStream(Cloud.pattern(9 << 20))
        await expectError(.unavailable) { try await store.put("a", .bytes([1]), options: PutOptions()) }
        await expectError(.unavailable) { try await store.put("a", .stream(long, length: nil), options: PutOptions()) }
        await expectError(.unavailable) { _ = try await store.stat("a") }
        await expectError(.unavailable) { _ = try await store.get("a", range: nil) }
        await expectError(.unavailable) { _ = try await store.list(ListRequest(prefix: "")) }
        await expectError(.unavailable) { try await store.delete(["a"]) }
        await expectError(.unavailable) { try await store.delete(["a", "b"]) }
        await expectError(.unavailable) { try await store.discardUnfinishedPuts(below: "") }
    }

    /// What ends an upload must be S3's word for it.
    @Test(.enabled(if: S3Server.areThere, "needs the testbed")) func aPageCompletesNoUpload() async throws {
        let client = AnsweringClient(before: try S3Server.sharedClient.get()) { request in
            request.method == "POST" && request.url.contains("uploadId=") ? .page : nil
        }
        var configuration = try S3Server.radosgw.configuration(["part-size": "5MiB"])
        configuration.retry = .none
        let store = S3ObjectStore(
            configuration, credentials: StaticCredentials(S3Server.radosgw.credentials), http: client)
        let key = S3Server.prefix("page") + "a"
        await expectError(.unavailable) {
            try await store.put(key, .stream(ByteStream(Cloud.pattern(6 << 20)), length: nil), options: PutOptions())
        }
        #expect(try await store.stat(key) == nil)
        #expect(try await store.uploads(prefix: key).isEmpty)
    }

    /// A list that is cut and does not say where to go on, or leads round in a circle, has no end.
    @Test(arguments: [[""], ["a"], ["a", "b"]]) func aListOfUploadsWithoutEnd(markers: [String]) async throws {
        let asked = Mutex(0)
        let store = try AnsweringClient.s3 { _ in
            let number = asked.withLock { number in
                defer { number += 1 }
                return number
            }
            let marker = markers[number % markers.count]
            // So that this test comes to an end in any case.
            let isCut = number < 10 ? "true" : "false"
            return .answer(
                200, [:],
                "<ListMultipartUploadsResult><IsTruncated>\(isCut)</IsTruncated><NextKeyMarker>\(marker)</NextKeyMarker>"
                    + "<NextUploadIdMarker>1</NextUploadIdMarker></ListMultipartUploadsResult>")
        }
        await expectError(.unavailable) { _ = try await store.uploads(prefix: "") }
    }

    /// Nothing came, and that is not what the checksum is of.
    @Test func anEmptyBodyIsHeldAgainstItsChecksum() async throws {
        let store = try AnsweringClient.s3 { _ in
            .answer(200, ["ETag": "\"e\"", "x-amz-checksum-crc32c": "mnG7TA==", "Last-Modified": "x"])
        }
        await expectError(.corrupted) { _ = try await store.get("a", range: nil).body.collect(upTo: 9) }
        let empty = try AnsweringClient.s3 { _ in .answer(200, ["ETag": "\"e\"", "x-amz-checksum-crc32c": "AAAAAA=="]) }
        #expect(try await empty.get("a", range: nil).body.collect(upTo: 9).isEmpty)
    }

    @Test func aPartIsNotTakenForTheWhole() async throws {
        let store = try AnsweringClient.s3 { _ in
            .answer(206, ["ETag": "\"e\"", "Content-Range": "bytes 0-4/1000"], "hello")
        }
        await expectError(.unavailable) { _ = try await store.get("a", range: nil) }
        #expect(try await store.get("a", range: 0..<5).body.collect(upTo: 9) == Array("hello".utf8))
    }

    // MARK: Missing permissions

    /// What somebody may not do is not what an object is protected against.
    @Test(arguments: ["s3:PutObjectRetention", "s3:PutObjectLegalHold", "s3:BypassGovernanceRetention"])
    func whoMayNotRetainInS3(action: String) {
        let body =
            "<Error><Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/u is not authorized to perform: "
            + "\(action) on resource: \"arn:aws:s3:::b/a\" because no identity-based policy allows the \(action) action"
            + "</Message></Error>"
        #expect(S3Failure(status: 403, headers: [:], body: Array(body.utf8)).kind == .accessDenied)
        let locked =
            "<Error><Code>AccessDenied</Code><Message>Access Denied because object protected by object lock."
            + "</Message></Error>"
        #expect(S3Failure(status: 403, headers: [:], body: Array(locked.utf8)).kind == .locked)
    }

    @Test func whoMayNotRetainInGoogle() {
        func kind(_ message: String) -> ObjectStoreError.Kind {
            let body =
                #"{"error":{"code":403,"message":"\#(message)","errors":[{"reason":"forbidden","domain":"global"}]}}"#
            return GCSFailure(status: 403, headers: [:], body: Array(body.utf8)).kind
        }
        #expect(
            kind(
                "u@p.iam.gserviceaccount.com does not have storage.objects.setRetention access to the Google Cloud "
                    + "Storage object. Permission 'storage.objects.setRetention' denied on resource (or it may not exist)."
            ) == .accessDenied)
        #expect(kind("Permission 'storage.objects.update' denied: the threshold") == .accessDenied)
        #expect(kind("Object 'b/a' is under active Event-Based hold and cannot be deleted.") == .locked)
    }

    // MARK: Text for a terminal

    @Test func nothingCommandsTheTerminal() async throws {
        let nasty = "\u{1B}]0;gone\u{7}" + String(repeating: "long ", count: 2000)
        let xml = "<Error><Code>Odd</Code><Message>\(nasty)</Message></Error>"
        let store = try AnsweringClient.s3 { request in request.method == "PUT" ? .answer(409, [:], xml) : .page }
        var errors: [any Error] = [
            CredentialsError(nasty),
            GCSFailure(status: 500, headers: ["Content-Type": "text/plain"], body: Array(nasty.utf8))
                .error(StoreRequest("GET", "get"), store: "s"),
            AzureFailure(status: 500, headers: [:], body: Array(xml.utf8)).error(
                StoreRequest("GET", "get"), store: "s"),
        ]
        do {
            try await store.put("a", .bytes([1]), options: PutOptions())
            Issue.record("there is no error")
        } catch {
            errors.append(error)
        }
        for error in errors {
            #expect(!"\(error)".unicodeScalars.contains { $0.value < 0x20 }, "\(error)")
            #expect("\(error)".count < 1500)
        }
    }

    @Test func nothingOfSTSCommandsTheTerminal() async throws {
        let client = AnsweringClient { _ in
            .answer(
                403, [:], "<ErrorResponse><Error><Code>\u{1B}[2J</Code><Message>m</Message></Error></ErrorResponse>")
        }
        let environment = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/etc/hostname", "AWS_ROLE_ARN": "arn", "HOME": "/nowhere"]
        let chain = CredentialsChain(
            CredentialsChoice(region: "us-east-1"), http: client, metadataHTTP: client, environment: environment)
        do {
            _ = try await chain.credentials()
            Issue.record("there are credentials")
        } catch {
            #expect("\(error)".contains("STS answered 403") && !"\(error)".contains("\u{1B}"), "\(error)")
        }
    }
}

/// The same of the emulated clouds.
@Suite(.enabled(if: Cloud.areThere, "needs the testbed")) struct CloudStrangerTests {
    /// What is not a request for a token is answered by somebody else.
    private func stranger(_ answer: @escaping @Sendable @autoclosure () -> HTTPResponse) throws -> AnsweringClient {
        AnsweringClient(before: try Cloud.sharedClient.get()) { request in
            // A body can be read once, so each request gets an answer of its own.
            request.url.hasSuffix("/token") ? nil : answer()
        }
    }

    @Test(arguments: Cloud.allCases) func aPageIsNoAnswer(cloud: Cloud) async throws {
        let store = try cloud.store(retry: .none, client: try stranger(.page))
        let long = ByteStream(Cloud.pattern(9 << 20))
        await expectError(.unavailable) { try await store.put("a", .bytes([1]), options: PutOptions()) }
        await expectError(.unavailable) { try await store.put("a", .stream(long, length: nil), options: PutOptions()) }
        await expectError(.unavailable) { _ = try await store.stat("a") }
        await expectError(.unavailable) { _ = try await store.get("a", range: nil) }
        await expectError(.unavailable) { _ = try await store.list(ListRequest(prefix: "")) }
        await expectError(.unavailable) { try await store.delete(["a"]) }
    }

    /// Anybody's empty document is no empty bucket.
    @Test func anEmptyDocumentIsNoListing() async throws {
        let store = try Cloud.gcs.store(
            retry: .none, client: try stranger(.answer(200, ["Content-Type": "application/json"], "{}")))
        await expectError(.unavailable) { _ = try await store.list(ListRequest(prefix: "")) }
    }

    /// A proxy's 404 to a write has no code. It cannot be about the blob.
    @Test func aWriteThatFindsNothing() async throws {
        let store = try Cloud.azure.store(retry: .none, client: try stranger(.answer(404)))
        await expectError(.bucketNotFound) { try await store.put("a", .bytes([1]), options: PutOptions()) }
        #expect(try await store.stat("a") == nil)
    }

    /// An upload's session that has ended is not found, which is not the object.
    @Test(arguments: [404, 410]) func aSessionThatIsGone(status: Int) async throws {
        let client = AnsweringClient(before: try Cloud.sharedClient.get()) { request in
            request.method == "PUT" && request.url.contains("/upload/session/") ? .answer(status) : nil
        }
        let store = try Cloud.gcs.store(["part-size": "256KiB"], client: client)
        await expectError(.other(code: "SessionGone")) {
            try await store.put(
                S3Server.prefix("gone") + "a", .stream(ByteStream(Cloud.pattern(600_000)), length: nil),
                options: PutOptions())
        }
    }

    /// Without credentials there is nothing to protect on the way, so an upload in chunks goes over plain HTTP too.
    @Test func uploadsWithoutCredentialsOverAPlainNetwork() async throws {
        let endpoint = try #require(Cloud.gcs.value("ENDPOINT"))
        let sound = try #require(try Cloud.gcs.store() as? GCSObjectStore)
        let token = try #require(try await sound.connection.currentToken())
        let inner = try Cloud.sharedClient.get()
        // The emulator, as if it stood elsewhere in the network and asked for nothing.
        let client = AnsweringClient { request in
            var headers = request.headers
            #expect(headers["Authorization"] == nil)
            headers["Authorization"] = "Bearer \(token.value)"
            let answer = try await inner.send(
                HTTPRequest(
                    request.method, request.url.replacing("http://storage.example", with: endpoint), headers: headers,
                    body: request.body))
            var answered = answer.headers
            answered["Location"] = answered["Location"]?.replacing(endpoint, with: "http://storage.example")
            return HTTPResponse(
                status: answer.status, headers: answered, majorVersion: answer.majorVersion, body: answer.body)
        }
        let store = try Cloud.gcs.store(
            ["endpoint": "http://storage.example", "auth": "none", "part-size": "256KiB"], client: client)
        let key = S3Server.prefix("plain") + "a"
        try await store.put(
            key, .stream(ByteStream(Cloud.pattern(600_000)), length: nil), options: PutOptions())
        #expect(try await sound.stat(key)?.size == 600_000)
        try await sound.delete([key])
    }

    /// A session elsewhere would get the token.
    @Test func aSessionWhereNoTokenIsSentTo() async throws {
        let client = AnsweringClient(before: try Cloud.sharedClient.get()) { request in
            request.url.contains("uploadType=resumable")
                ? .answer(200, ["Location": "http://elsewhere.example/s"]) : nil
        }
        let store = try Cloud.gcs.store(["part-size": "256KiB"], retry: .none, client: client)
        do {
            try await store.put(
                "a", .stream(ByteStream(Cloud.pattern(600_000)), length: nil), options: PutOptions())
            Issue.record("there is no error")
        } catch let error as ObjectStoreError {
            #expect(error.kind == .unavailable && error.reason?.contains("elsewhere.example") == true, "\(error)")
        }
    }
}
