import GodwitModel
import HTTPTransport

/// One request to an API server.
struct APIRequest: Sendable {
    /// Whether a request whose fate is unknown may be sent again.
    enum Repetition: Sendable {
        /// Twice is as good as once.
        case harmless
        /// A second one could do something else, so it is repeated only when the first cannot have arrived, or the
        /// server said that it did nothing.
        case harmful
    }

    var method = "GET"
    /// Begins with a slash.
    var path: String
    var query = Query()
    var accept = "application/json"
    var contentType = "application/json"
    var body: [UInt8]?
    var timeouts: HTTPTimeouts?
    var repetition = Repetition.harmless
    /// For messages: `create secrets/shop/db`.
    var operation: String
    var redaction: Redaction?

    init(_ path: String, operation: String) {
        self.path = path
        self.operation = operation
    }
}

/// A server's refusal, with what only some callers need.
struct APIFailure: Error {
    let error: ClusterError
    let status: APIStatus
}
