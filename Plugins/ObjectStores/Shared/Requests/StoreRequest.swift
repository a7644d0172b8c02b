package import HTTPTransport

/// A request to a bucket, before it is addressed and signed.
package struct StoreRequest: Sendable {
    /// The method, upper-case.
    package var method: String
    /// The key; nil for the bucket itself.
    package var key: String?
    /// Names and values, not encoded.
    package var query: [(name: String, value: String)] = []
    /// The header fields besides those that address and sign it.
    package var headers: HTTPHeaders = [:]
    /// The body, at hand so that the request can be replayed; nil for none.
    package var body: [UInt8]?
    /// Whether the body may go unsigned over TLS, because a checksum covers it. Only S3 signs bodies.
    package var allowsUnsignedBody = false
    /// Timeouts other than the client's.
    package var timeouts: HTTPTimeouts?
    /// What is attempted, in the words of ``ObjectStoreError/operation``.
    package var operation: String
    /// The key or prefix that an error names.
    package var subject: String?

    /// A request.
    package init(_ method: String, _ operation: String, key: String? = nil, subject: String? = nil) {
        self.method = method
        self.operation = operation
        self.key = key
        self.subject = subject ?? key
    }
}
