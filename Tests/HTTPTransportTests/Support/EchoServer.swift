import Synchronization

/// A request as a test server saw it.
struct SeenRequest: Sendable {
    var head: String
    var body: [UInt8]
    var line: String { String(head.prefix { $0 != "\r\n" }) }
    /// The lines of a field, name included, as they came.
    func lines(_ name: String) -> [String] {
        head.split(separator: "\r\n").map(String.init).filter { $0.lowercased().hasPrefix(name.lowercased() + ":") }
    }
}

/// HTTP/1.1 server parts for scripts.
extension Peer {
    /// Reads a request with its body, of known length or chunked.
    func receiveRequest() -> SeenRequest? {
        guard let head = receiveHead() else { return nil }
        var seen = SeenRequest(head: head, body: [])
        if !seen.lines("Expect").isEmpty { send("HTTP/1.1 100 Continue\r\n\r\n") }
        if let line = seen.lines("Content-Length").first, let count = Int(line.dropFirst(15).filter(\.isNumber)) {
            guard let body = receive(exactly: count) else { return nil }
            seen.body = body
        } else if !seen.lines("Transfer-Encoding").isEmpty {
            while true {
                guard let line = receiveLine(), let count = Int(line, radix: 16) else { return nil }
                guard let piece = receive(exactly: count + 2) else { return nil }
                if count == 0 { break }
                seen.body += piece.dropLast(2)
            }
        }
        return seen
    }

    func receiveLine() -> String? {
        var bytes: [UInt8] = []
        while !bytes.suffix(2).elementsEqual("\r\n".utf8) {
            guard let more = receive(1) else { return nil }
            bytes += more
        }
        return String(decoding: bytes.dropLast(2), as: UTF8.self)
    }

    @discardableResult
    func respond(_ status: Int = 200, headers: String = "", _ body: String = "") -> Bool {
        send("HTTP/1.1 \(status) Status\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }
}

/// Answers 200 to everything, with the body it was sent, and remembers what it saw.
final class EchoServer: Sendable {
    private final class Log: Sendable {
        let seen = Mutex<[SeenRequest]>([])
        let connections = Atomic<Int>(0)
    }

    private let log = Log()
    let server: ScriptServer

    init() {
        server = ScriptServer { [log] peer, _ in
            log.connections.add(1, ordering: .relaxed)
            while let request = peer.receiveRequest() {
                log.seen.withLock { $0.append(request) }
                let isHead = request.head.hasPrefix("HEAD ")
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n")
                if !isHead { peer.send(request.body) }
            }
        }
    }

    var url: String { server.url }
    var requests: [SeenRequest] { log.seen.withLock { $0 } }
    var connections: Int { log.connections.load(ordering: .relaxed) }
}
