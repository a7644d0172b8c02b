import Crypto
import GodwitModel
import HTTPTransport

/// The opening handshake of RFC 6455, section 4, for one connection.
struct WebSocketHandshake: Sendable {
    /// What section 1.3 appends to a key.
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// Protocols in order of preference.
    let protocols: [String]
    /// The nonce, in Base64.
    let key: String

    init(protocols: [String], key: [UInt8] = (0..<16).map { _ in .random(in: 0...255) }) {
        self.protocols = protocols
        self.key = Base64.encode(key)
    }

    /// The fields of the request, `Connection` and `Upgrade` left out.
    var headers: HTTPHeaders {
        [
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Protocol": protocols.joined(separator: ", "),
        ]
    }

    /// What a server answers that has read the key, and is no cache or proxy that answers for it. SHA-1 is the
    /// protocol's choice; nothing secret depends on it.
    var acceptance: String { Base64.encode(Array(Insecure.SHA1.hash(data: Array((key + Self.suffix).utf8)))) }

    /// The protocol that the server chose.
    func chosen(_ head: HTTPResponse) throws(WebSocketError) -> String {
        guard head.headers["Upgrade"]?.lowercased() == "websocket" else {
            throw WebSocketError("the server switched to something else than a WebSocket")
        }
        guard head.headers["Sec-WebSocket-Accept"] == acceptance else {
            throw WebSocketError("the server's Sec-WebSocket-Accept does not belong to this request")
        }
        guard head.headers["Sec-WebSocket-Extensions"] == nil else {
            throw WebSocketError("the server chose an extension, where none was offered")
        }
        let chosen = head.headers["Sec-WebSocket-Protocol"] ?? ""
        guard protocols.contains(chosen) else {
            throw WebSocketError("the server chose the protocol '\(PrintableText.cut(chosen, at: 60))'")
        }
        return chosen
    }
}
