import HTTPTransport
import Streams
import Synchronization

@testable import KubernetesClient

/// A server that answers as a test says, and misbehaves on purpose.
final class ScriptedClient: HTTPClient {
    private let answer: @Sendable (HTTPRequest, _ number: Int) throws -> HTTPResponse
    private let log = Mutex<[HTTPRequest]>([])

    init(_ answer: @escaping @Sendable (HTTPRequest, _ number: Int) throws -> HTTPResponse) { self.answer = answer }

    var requests: [HTTPRequest] { log.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let number = log.withLock { log in
            log.append(request)
            return log.count - 1
        }
        return try answer(request, number)
    }

    /// A cluster behind this client whose retries do not wait.
    func cluster(attempts: Int = 4) throws -> KubernetesCluster {
        try KubernetesCluster(
            ClusterConfiguration(server: "https://scripted"),
            retry: RetryPolicy(attempts: attempts, base: .zero, cap: .zero)
        ) { _ in self }
    }

    static func response(_ status: Int, _ body: String, headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, majorVersion: 1, body: ByteStream(Array(body.utf8)))
    }

    /// An answer whose body breaks off.
    static func broken(_ body: String) -> HTTPResponse {
        let sent = Mutex(false)
        return HTTPResponse(
            status: 200, headers: [:], majorVersion: 1,
            body: ByteStream {
                let isFirst = sent.withLock { sent in
                    defer { sent = true }
                    return !sent
                }
                guard isFirst else { throw HTTPTransportError(.interrupted, request: "GET", reason: nil) }
                return Array(body.utf8)
            })
    }

    static func status(_ code: Int, _ reason: String, _ more: String = "") -> HTTPResponse {
        response(code, #"{"kind":"Status","code":\#(code),"reason":"\#(reason)","message":"said so"\#(more)}"#)
    }
}
