/// A client that can hand over the raw connection after an HTTP/1.1 upgrade, for WebSocket and the like.
public protocol HTTPUpgrading: HTTPClient {
    /// Sends a GET over a connection of its own, HTTP/1.1, and asks the server to switch to another protocol.
    ///
    /// `Connection: Upgrade` and `Upgrade: <protocolName>` are added when the request's headers lack them. TLS and
    /// proxy settings are the client's; a proxy is always tunnelled through. Cancelling the calling task closes the
    /// connection.
    ///
    /// - Parameters:
    ///   - request: a GET without a body. Its idle and total timeouts hold for the upgraded connection too.
    ///   - protocolName: the value of `Upgrade`, such as `websocket`.
    /// - Returns: the connection when the server switched, and its answer when it did not.
    /// - Throws: ``HTTPTransportError`` or `CancellationError`.
    func upgrade(_ request: HTTPRequest, to protocolName: String) async throws -> HTTPUpgrade
}

/// What became of an upgrade.
public enum HTTPUpgrade: Sendable {
    /// The server answered 101; the head is given without a body, and the connection belongs to the new protocol.
    case switched(head: HTTPResponse, connection: any UpgradedConnection)
    /// The server answered something else, with a body of at most 1 MiB.
    case refused(HTTPResponse)
}

/// A connection that has left HTTP: bytes in both directions.
///
/// One task reads and others may write at the same time. The connection is closed when the last reference is gone.
public protocol UpgradedConnection: Sendable {
    /// The next bytes, or nil when the other side has closed its direction.
    ///
    /// One caller at a time. Cancelling the calling task closes the connection.
    ///
    /// - Throws: ``HTTPTransportError`` or `CancellationError`.
    func read() async throws -> [UInt8]?

    /// Writes all bytes, and returns when they have been given to the system. Concurrent writes do not mix.
    ///
    /// - Throws: ``HTTPTransportError`` or `CancellationError`; the connection is of no use afterwards.
    func write(_ bytes: [UInt8]) async throws

    /// Closes the connection; later and waiting calls throw. Calling it again does nothing.
    func close()
}
