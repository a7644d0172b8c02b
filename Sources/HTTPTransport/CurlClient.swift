import CLibCurl
import Streams

/// The HTTP client on libcurl: HTTP/1.1, and HTTP/2 where TLS agrees on it.
///
/// A thread of its own drives all transfers. When the client is released the thread ends, connections are closed, and
/// transfers that still run, response bodies included, fail with ``HTTPTransportError/Kind/shutdown``.
///
/// A request that goes out on a kept connection which the server has just closed is sent again by libcurl on a new
/// one, if no byte of an answer had come and the body is at hand. So a POST may, rarely, reach a server twice.
///
/// A transfer whose body nobody reads is paused with about 0.5 MiB in this client's buffer (over HTTP/1.1, with the
/// system's socket buffers behind it). Over HTTP/2 libcurl 7.88 allows a server 32 MiB in advance a stream and a
/// connection. What comes for a paused stream while others of its connection are read, libcurl keeps in memory, up to
/// those 32 MiB; so a paused stream never stalls the others. Who reads many huge bodies slowly should do it without
/// HTTP/2 (``HTTPConfiguration/allowsHTTP2``).
public final class CurlClient: HTTPClient {
    let configuration: HTTPConfiguration
    let pool: EasyPool
    let loop: TransferLoop

    /// Starts the client's thread.
    ///
    /// - Throws: ``HTTPTransportError`` when libcurl cannot be used or refuses the configuration.
    public init(configuration: HTTPConfiguration = HTTPConfiguration()) throws {
        try CurlLibrary.load()
        self.configuration = configuration
        pool = EasyPool(configuration, keeping: 64)
        pool.put(try pool.make())
        loop = try TransferLoop(configuration, pool: pool)
    }

    deinit { loop.shutdown() }

    /// Sends a request and returns when the response's head is there; the body streams.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard configuration.maximumRedirects > 0, request.method == "GET" || request.method == "HEAD" else {
            return try await sendOnce(request)
        }
        return try await sendFollowingRedirects(request)
    }

    func sendOnce(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        let label = RequestLabel(request)
        try RequestCheck.validate(request, label: label)
        let timeouts = request.timeouts ?? configuration.timeouts
        let route = try ServerNameRoute(request, serverName: configuration.tls.serverName, label: label)
        let handle = try pool.take()
        let upload = try handle.apply(
            request, timeouts: timeouts, route: route, allowsHTTP2: configuration.allowsHTTP2)
        if let route { try handle.applyProxy(configuration.proxy, forHost: route.host) }
        let exchange = Exchange(label: label, timeouts: timeouts, upload: upload, loop: loop)
        loop.add(.start(exchange, handle))
        if case .stream(let stream, let length) = request.body { exchange.startPump(stream, length: length) }
        let head = try await exchange.waitForHead()
        let body = ResponseBody(exchange)
        return HTTPResponse(
            status: head.status, headers: head.headers, majorVersion: head.majorVersion,
            body: ByteStream { try await body.next() })
    }
}
