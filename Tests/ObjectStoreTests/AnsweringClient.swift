import AWS
import CloudStorage
import Foundation
import HTTPTransport
import S3ObjectStore
import Streams
import Synchronization

/// A client whose answers a test makes, or has another client make: for what no server of the testbed would say.
struct AnsweringClient: HTTPClient {
    private let answer: @Sendable (HTTPRequest) async throws -> HTTPResponse

    init(_ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) { self.answer = answer }

    /// Answers those requests itself of which it knows what to say; the inner client answers all others.
    init(before inner: any HTTPClient, _ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse?) {
        self.answer = { request in
            if let own = try await answer(request) { return own }
            return try await inner.send(request)
        }
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse { try await answer(request) }

    /// A store of S3 behind a client, which asks once.
    static func s3(
        _ settings: [String: String] = [:], _ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
    ) throws -> S3ObjectStore {
        var configuration = try S3Configuration(
            bucket: "b", settings: settings.merging(["endpoint": "http://127.0.0.1:1"]) { own, _ in own })
        configuration.retry = .none
        return S3ObjectStore(
            configuration, credentials: StaticCredentials(AWSCredentials(accessKeyID: "A", secretAccessKey: "S")),
            http: AnsweringClient(answer))
    }
}

extension HTTPResponse {
    /// An answer.
    static func answer(_ status: Int, _ headers: HTTPHeaders = [:], _ body: String = "") -> HTTPResponse {
        var headers = headers
        headers["Content-Length"] = headers["Content-Length"] ?? String(body.utf8.count)
        return HTTPResponse(
            status: status, headers: headers, majorVersion: 1, body: ByteStream(Array(body.utf8)))
    }

    /// What a proxy, a captive portal or somebody's web server shows.
    static var page: HTTPResponse {
        .answer(200, ["Content-Type": "text/html"], "<html><head/><body>Welcome</body></html>")
    }
}

/// A place where so many wait for each other, once.
actor MeetingPoint {
    private let size: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isOpen = false

    init(_ size: Int) { self.size = size }

    func pass() async {
        if isOpen { return }
        await withCheckedContinuation { continuation in
            waiting.append(continuation)
            guard waiting.count == size else { return }
            open()
        }
    }

    /// Lets everybody pass.
    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
