import AWS
import CloudStorage
import GodwitPluginAPI
import HTTPTransport
import ProgramTestKit
import Streams
import Synchronization
import Testing

@testable import S3ObjectStore

/// A bucket that is in another region than the configuration says, as AWS and compatible servers answer.
@Suite struct S3RedirectTests {
    enum Answer: CaseIterable {
        /// AWS, to a request at the wrong region's endpoint; to HEAD, whose answer has no body, too.
        case movedPermanently
        /// AWS, to a signature for the wrong region.
        case malformedAuthorization
        /// Names no other region than the one that was signed for.
        case sameRegionAgain
    }

    private func serve(_ answer: Answer, _ log: RequestLog) throws -> LocalServer {
        try LocalServer { connection in
            while let head = Self.head(from: connection) {
                log.add(head)
                let isRight = head.contains("/eu-west-3/s3/aws4_request")
                let body: String
                let status: String
                var fields = "x-amz-request-id: r1\r\n"
                switch answer {
                case _ where isRight && answer != .sameRegionAgain:
                    (status, body) = ("200 OK", "")
                    fields += "ETag: \"e\"\r\n"
                case .movedPermanently, .sameRegionAgain:
                    status = "301 Moved Permanently"
                    body = "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>"
                    let region = answer == .sameRegionAgain ? "us-east-1" : "eu-west-3"
                    // Where it leads to is nobody's business: the signed request goes where the user said.
                    fields += "x-amz-bucket-region: \(region)\r\nLocation: http://127.0.0.1:1/\r\n"
                case .malformedAuthorization:
                    status = "400 Bad Request"
                    body =
                        "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region is wrong</Message>"
                        + "<Region>eu-west-3</Region></Error>"
                }
                let isHead = head.hasPrefix("HEAD")
                let text = "HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n"
                guard LocalServer.write(Array((isHead ? text : text + body).utf8), to: connection) else { return }
            }
        }
    }

    /// The head of a request; its body is read and dropped.
    private static func head(from connection: Int32) -> String? {
        var bytes: [UInt8] = []
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let length = text.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingPrefix(" ")) }
                if bytes.count >= text[..<end.upperBound].utf8.count + (length ?? 0) {
                    return String(text[..<end.lowerBound])
                }
            }
            guard let more = LocalServer.read(connection) else { return nil }
            bytes += more
        }
    }

    private func store(_ server: LocalServer) throws -> S3ObjectStore {
        var configuration = try S3Configuration(
            bucket: "b", settings: ["endpoint": server.url, "region": "us-east-1"])
        configuration.retry = .none
        var http = configuration.http
        http.proxy = ProxyConfiguration.none
        return S3ObjectStore(
            configuration, credentials: StaticCredentials(AWSCredentials(accessKeyID: "A", secretAccessKey: "S")),
            http: try CurlClient(configuration: http))
    }

    @Test(arguments: [Answer.movedPermanently, .malformedAuthorization])
    func theRegionIsFoundAndRemembered(answer: Answer) async throws {
        let log = RequestLog()
        let server = try serve(answer, log)
        let store = try store(server)
        for key in ["a", "c"] {
            #expect(try await store.put(key, .bytes(Array("body".utf8)), options: PutOptions()).etag == "e")
        }
        let regions = log.all.map { $0.contains("/eu-west-3/s3/") ? "right" : "wrong" }
        #expect(regions == ["wrong", "right", "right"])
    }

    @Test func headIsRedirectedByItsHeader() async throws {
        let log = RequestLog()
        let server = try serve(.movedPermanently, log)
        #expect(try await store(server).stat("a")?.etag == "e")
        #expect(log.all.count == 2)
    }

    @Test func noAnswerGoesRoundInCircles() async throws {
        let log = RequestLog()
        let server = try serve(.sameRegionAgain, log)
        let store = try store(server)
        await expectError(.invalidConfiguration) { try await store.put("a", .bytes([1]), options: PutOptions()) }
        #expect(log.all.count == 1)
    }
}

/// What a server of a test was sent.
final class RequestLog: Sendable {
    private let heads = Mutex<[String]>([])
    var all: [String] { heads.withLock { $0 } }
    func add(_ head: String) { heads.withLock { $0.append(head) } }
}
