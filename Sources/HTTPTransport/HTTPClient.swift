/// Sends HTTP requests.
///
/// One client holds one pool of connections and one event thread. Keep it for as long as you talk to a server.
public protocol HTTPClient: Sendable {
    /// Sends a request and returns when the response's head is there; the body streams.
    ///
    /// Cancelling the calling task before that aborts the transfer. Statuses of 400 and above are responses, not
    /// errors.
    ///
    /// - Throws: ``HTTPTransportError``, `CancellationError`, or the error of the request's body stream.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}
