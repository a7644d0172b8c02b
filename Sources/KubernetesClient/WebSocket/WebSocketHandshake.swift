import HTTPTransport

/// The opening handshake of RFC 6455, section 4.
///
/// The server's `Sec-WebSocket-Accept` must be there; its value is not computed, because it only protects against
/// caches that answer for a server, and the connection to an API server is its own, under TLS.
struct WebSocketHandshake: Sendable {
    /// Protocols in order of preference.
    let protocols: [String]

    /// The fields of the request, `Connection` and `Upgrade` left out.
    func headers() -> HTTPHeaders {
        let key = (0..<16).map { _ in UInt8.random(in: 0...255) }
        var headers: HTTPHeaders = ["Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": Base64.encode(key)]
        headers.add("Sec-WebSocket-Protocol", protocols.joined(separator: ", "))
        return headers
    }

    /// The protocol that the server chose.
    func chosen(_ head: HTTPResponse) throws(WebSocketError) -> String {
        guard let accept = head.headers["Sec-WebSocket-Accept"], !accept.isEmpty else {
            throw WebSocketError("the server did not accept the WebSocket")
        }
        let chosen = head.headers["Sec-WebSocket-Protocol"] ?? ""
        guard protocols.contains(chosen) else {
            throw WebSocketError("the server chose the protocol '\(PrintableText.cut(chosen, at: 60))'")
        }
        return chosen
    }
}
