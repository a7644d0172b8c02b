import CLibCurl
import Streams

extension CurlClient: HTTPUpgrading {
    /// Sends a GET over a connection of its own and asks the server to switch to another protocol.
    public func upgrade(_ request: HTTPRequest, to protocolName: String) async throws -> HTTPUpgrade {
        try Task.checkCancellation()
        var request = request
        if request.headers["Connection"] == nil { request.headers["Connection"] = "Upgrade" }
        if request.headers["Upgrade"] == nil { request.headers["Upgrade"] = protocolName }
        let label = RequestLabel(request)
        try RequestCheck.validate(request, label: label)
        guard request.method == "GET", case .none = request.body else {
            throw label.error(.invalidRequest, "an upgrade begins with a GET without a body")
        }
        let head = try UpgradeRequestHead(request, userAgent: configuration.userAgent, label: label)
        let link = try RawLink(
            handle: try makeConnectOnlyHandle(request, label: label),
            multi: try MultiHandle(configuration), label: label,
            timeouts: request.timeouts ?? configuration.timeouts)
        let connection = RawConnection(link)
        try await connection.write(Array(head.text.utf8))
        let answer = try await connection.readHead(label: label)
        guard answer.status == 101 else {
            return .refused(try await connection.readRefusal(answer))
        }
        let response = HTTPResponse(
            status: answer.status, headers: answer.headers, majorVersion: answer.majorVersion, body: ByteStream { nil })
        return .switched(head: response, connection: connection)
    }

    /// A handle that makes a connection, TLS and proxy tunnel included, and sends nothing.
    private func makeConnectOnlyHandle(_ request: HTTPRequest, label: RequestLabel) throws -> EasyHandle {
        let route = try ServerNameRoute(request, serverName: configuration.tls.serverName, label: label)
        let timeouts = request.timeouts ?? configuration.timeouts
        let handle = try EasyHandle(material: pool.material)
        try handle.apply(configuration)
        _ = try handle.apply(request, timeouts: timeouts, route: route, allowsHTTP2: false)
        if let route { try handle.applyProxy(configuration.proxy, forHost: route.host) }
        try handle.set(CURLOPT_HTTPPROXYTUNNEL, true)
        try handle.set(CURLOPT_CONNECT_ONLY, true)
        return handle
    }
}

/// The request line and header fields, which libcurl does not write on such a connection.
private struct UpgradeRequestHead {
    let text: String

    init(_ request: HTTPRequest, userAgent: String, label: RequestLabel) throws {
        guard let url = CurlURL(request.url) else { throw label.error(.invalidURL, "libcurl does not understand it") }
        var lines = ["GET \(url.target) HTTP/1.1"]
        if request.headers["Host"] == nil {
            lines.append("Host: \(url.host)\(url.writtenPort.map { ":\($0)" } ?? "")")
        }
        if request.headers["User-Agent"] == nil { lines.append("User-Agent: \(userAgent)") }
        for field in request.headers.fields
        where !["content-length", "transfer-encoding", "expect"].contains(field.name.lowercased()) {
            lines.append("\(field.name): \(field.value)")
        }
        text = lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}
