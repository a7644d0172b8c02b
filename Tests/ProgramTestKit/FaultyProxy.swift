import Foundation
import Glibc
import Synchronization

/// A TCP proxy in front of an HTTP server that spoils one request, counted from 0 over all connections.
public final class FaultyProxy: Sendable {
    /// What happens to the request.
    public enum Fault: String, CaseIterable, Sendable {
        /// The connection ends before anything is forwarded.
        case refuse
        /// The connection is reset in the middle of the request.
        case reset
        /// The request takes effect and its answer is lost.
        case loseAnswer
        /// The answer ends after a few bytes.
        case truncate
        /// Nothing happens any more.
        case stall
        /// The server is said to be busy.
        case slowDown
    }

    fileprivate struct State {
        var requests = 0
        var fault: Fault?
        var victim = 0
        var isLasting = false
        /// From which request on answers do not come, and how many did not.
        var heldFrom: Int?
        var held = 0
    }

    private let box: Box

    private final class Box: Sendable {
        let state = Mutex(State())
    }

    /// Where it listens.
    public let server: LocalServer

    /// A proxy to a port on loopback.
    public init(to port: UInt16) throws {
        let box = Box()
        self.box = box
        server = try LocalServer { connection in
            guard let upstream = LocalServer.connect(to: port) else { return }
            defer { close(upstream) }
            Self.serve(connection, upstream, box)
        }
    }

    /// Requests since the last ``arm(_:at:)``.
    public var requestCount: Int { box.state.withLock { $0.requests } }

    /// Spoils the n-th request from now on, or none.
    ///
    /// - Parameter isLasting: all later requests too.
    public func arm(_ fault: Fault?, at victim: Int = 0, isLasting: Bool = false) {
        box.state.withLock { $0 = State(requests: 0, fault: fault, victim: victim, isLasting: isLasting) }
    }

    /// From the n-th request on, requests take effect and their answers never come. Nothing else is spoiled.
    public func holdAnswers(from request: Int) {
        box.state.withLock { $0 = State(heldFrom: request) }
    }

    /// How many answers are held.
    public var heldAnswers: Int { box.state.withLock { $0.held } }

    private static func serve(_ client: Int32, _ upstream: Int32, _ box: Box) {
        var ends = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: upstream, events: Int16(POLLIN), revents: 0),
        ]
        var fault: Fault?
        var isHeld = false
        while poll(&ends, 2, 20_000) > 0 {
            if ends[0].revents != 0 {
                guard let bytes = LocalServer.read(client) else { return }
                if isHead(bytes) { (fault, isHeld) = begin(box) }
                switch fault {
                case .refuse: return
                case .reset:
                    _ = LocalServer.write(Array(bytes.prefix(bytes.count / 2)), to: upstream)
                    return LocalServer.reset(client)
                case .slowDown:
                    let body = "<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>"
                    let head =
                        "HTTP/1.1 503 Slow Down\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
                    _ = LocalServer.write(Array((head + body).utf8), to: client)
                    // What is still on its way must not turn the answer into a reset.
                    shutdown(client, Int32(SHUT_WR))
                    while LocalServer.read(client) != nil {}
                    return
                case .stall:
                    while LocalServer.read(client) != nil {}
                    return
                case .loseAnswer, .truncate, nil:
                    guard LocalServer.write(bytes, to: upstream) else { return }
                }
            }
            if ends[1].revents != 0 {
                guard let bytes = LocalServer.read(upstream) else { return }
                if isHeld, !isContinue(bytes) {
                    box.state.withLock { $0.held += 1 }
                    while LocalServer.read(client) != nil {}
                    return
                }
                switch fault {
                case .loseAnswer where !isContinue(bytes): return LocalServer.reset(client)
                case .truncate where !isContinue(bytes):
                    _ = LocalServer.write(Array(bytes.dropLast(max(1, bytes.count / 8))), to: client)
                    return
                default: guard LocalServer.write(bytes, to: client) else { return }
                }
            }
        }
    }

    private static func begin(_ box: Box) -> (fault: Fault?, isHeld: Bool) {
        box.state.withLock { state in
            defer { state.requests += 1 }
            let isVictim = state.requests == state.victim || (state.isLasting && state.requests > state.victim)
            return (isVictim ? state.fault : nil, state.heldFrom.map { state.requests >= $0 } ?? false)
        }
    }

    private static func isHead(_ bytes: [UInt8]) -> Bool {
        ["GET /", "PUT /", "POST /", "HEAD /", "DELETE /"].contains { bytes.starts(with: $0.utf8) }
    }

    private static func isContinue(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "HTTP/1.1 100".utf8) }
}
