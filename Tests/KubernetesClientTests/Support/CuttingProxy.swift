import Foundation
import Glibc
import Synchronization

/// A TCP proxy on loopback whose connections a test cuts in the middle.
final class CuttingProxy: Sendable {
    private struct State {
        var isRefusing = false
        var accepted = 0
        var open: [Int32: Int32] = [:]
        var isClosed = false
    }

    let port: UInt16
    private let listener: Int32
    private let target: UInt16
    private let state = Mutex(State())

    init(to target: UInt16) throws {
        self.target = target
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        struct CannotListen: Error {}
        guard bound else { throw CannotListen() }
        port = UInt16(bigEndian: address.sin_port)
    }

    /// How many connections came.
    var accepted: Int { state.withLock { $0.accepted } }

    /// Serves until ``close()``.
    func start() {
        Self.inThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                serve(client)
            }
        }
    }

    /// Breaks all connections now, with a reset.
    func cut() {
        state.withLock { state in
            for (client, server) in state.open {
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                shutdown(client, Int32(SHUT_RDWR))
                shutdown(server, Int32(SHUT_RDWR))
            }
        }
    }

    /// While this is set, connections are accepted and closed at once.
    func refuse(_ isRefusing: Bool) { state.withLock { $0.isRefusing = isRefusing } }

    func close() {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    private func serve(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(target)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        let isServed = state.withLock { state in
            state.accepted += 1
            guard connected, !state.isRefusing, !state.isClosed else { return false }
            state.open[client] = server
            return true
        }
        guard isServed else {
            Glibc.close(client)
            Glibc.close(server)
            return
        }
        Self.inThread { [self] in
            pump(client, server)
            state.withLock { state in
                state.open[client] = nil
                Glibc.close(client)
                Glibc.close(server)
            }
        }
    }

    private func pump(_ client: Int32, _ server: Int32) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var polled = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, 2, -1) > 0 else { return }
            for (from, to) in [(0, server), (1, client)] where polled[from].revents != 0 {
                let count = recv(polled[from].fd, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                var sent = 0
                while sent < count {
                    let more = buffer.withUnsafeBytes {
                        send(to, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
                    }
                    guard more > 0 else { return }
                    sent += more
                }
            }
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func inThread(_ work: @escaping @Sendable () -> Void) {
        Thread(block: work).start()
    }
}
