import Foundation
import Glibc

/// A blocking TCP connection of a test server.
final class Peer: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        // A test that goes wrong must not hang a thread for ever.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends all; false when the other side has gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// What is there, at most so much; nil at the end.
    func receive(_ limit: Int = 65536) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &bytes, limit, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Exactly so many bytes.
    func receive(exactly count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = receive(count - bytes.count) else { return nil }
            bytes += more
        }
        return bytes
    }

    /// Bytes up to and with an empty line.
    func receiveHead() -> String? {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let more = receive(1) else { return nil }
            bytes += more
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits until the other side closes.
    func waitForEnd() { while receive() != nil {} }

    /// Makes the close a reset.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}

/// A TCP server on a free port of 127.0.0.1 that runs a script on each connection, on a thread of its own.
final class ScriptServer: Sendable {
    let port: Int
    private let listener: Int32

    /// - Parameter script: is given the connection and its number, from 0; the connection is closed at its end.
    init(_ script: @escaping @Sendable (Peer, Int) -> Void) {
        let (listener, port) = Self.listen()
        self.listener = listener
        self.port = port
        Thread.detachNewThread {
            var number = 0
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                let peer = Peer(descriptor)
                Thread.detachNewThread { [number] in script(peer, number) }
                number += 1
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    var url: String { "http://127.0.0.1:\(port)" }

    private static func listen() -> (Int32, Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port: 0)
        _ = withUnsafePointer(to: &address) {
            bind(
                listener, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        Glibc.listen(listener, 1024)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            getsockname(listener, UnsafeMutableRawPointer($0).assumingMemoryBound(to: sockaddr.self), &size)
        }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A connection to a port of this machine, for proxies.
    static func connect(port: Int) -> Peer? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port: port)
        let result = withUnsafePointer(to: &address) {
            Glibc.connect(
                descriptor, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        return result == 0 ? Peer(descriptor) : nil
    }

    /// A port where nobody listens.
    static func freePort() -> Int {
        let (listener, port) = listen()
        close(listener)
        return port
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

extension pollfd {
    init(descriptor: Int32) { self.init(fd: descriptor, events: 0, revents: 0) }

    mutating func wait(_ milliseconds: Int32) -> Bool { poll(&self, 1, milliseconds) > 0 }
}
