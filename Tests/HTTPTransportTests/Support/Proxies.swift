import Foundation
import Glibc
import Synchronization

/// A SOCKS5 proxy that sends everything to one port of this machine, or refuses.
final class SOCKSServer: Sendable {
    private final class Log: Sendable { let names = Mutex<[String]>([]) }

    private let log = Log()
    let server: ScriptServer
    /// The hosts it was asked for.
    var names: [String] { log.names.withLock { $0 } }

    init(target: Int?) {
        server = ScriptServer { [log] peer, _ in
            guard let hello = peer.receive(exactly: 2), peer.receive(exactly: Int(hello[1])) != nil else { return }
            peer.send([5, 0])
            guard let request = peer.receive(exactly: 4) else { return }
            if request[3] == 3 {
                guard let count = peer.receive(exactly: 1)?[0], let name = peer.receive(exactly: Int(count)) else {
                    return
                }
                log.names.withLock { $0.append(String(decoding: name, as: UTF8.self)) }
            } else {
                guard let bytes = peer.receive(exactly: 4) else { return }
                log.names.withLock { $0.append(bytes.map(String.init).joined(separator: ".")) }
            }
            _ = peer.receive(exactly: 2)
            guard let target, let other = ScriptServer.connect(port: target) else {
                peer.send([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])
                return
            }
            peer.send([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            peer.join(other)
        }
    }
}

/// A proxy that knows CONNECT only.
final class ConnectProxy: Sendable {
    private final class Log: Sendable { let heads = Mutex<[String]>([]) }

    private let log = Log()
    let server: ScriptServer
    /// The heads of the requests it got.
    var heads: [String] { log.heads.withLock { $0 } }

    init() {
        server = ScriptServer { [log] peer, _ in
            guard let head = peer.receiveHead() else { return }
            log.heads.withLock { $0.append(head) }
            let target = head.split(separator: " ")[1]
            guard let port = target.split(separator: ":").last.flatMap({ Int($0) }),
                let other = ScriptServer.connect(port: port)
            else {
                peer.respond(502)
                return
            }
            peer.send("HTTP/1.1 200 Connected\r\nX-Proxy: yes\r\n\r\n")
            peer.join(other)
        }
    }
}

extension Peer {
    /// Copies bytes both ways until one side closes.
    func join(_ other: Peer) {
        Thread.detachNewThread { [self] in
            while let bytes = other.receive(), send(bytes) {}
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
        while let bytes = receive(), other.send(bytes) {}
        shutdown(other.descriptor, Int32(SHUT_RDWR))
    }
}
