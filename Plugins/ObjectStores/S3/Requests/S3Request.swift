import HTTPTransport

/// A request to a bucket, before it is addressed and signed.
struct S3Request: Sendable {
    var method: String
    /// The key; nil for the bucket itself.
    var key: String?
    var query: [(name: String, value: String)] = []
    var headers: HTTPHeaders = [:]
    var body: [UInt8]?
    /// Whether the body may go unsigned over TLS, because a checksum covers it.
    var allowsUnsignedBody = false
    var timeouts: HTTPTimeouts?
    /// What is attempted, in the words of ``ObjectStoreError/operation``.
    var operation: String
    /// The key or prefix that an error names.
    var subject: String?

    init(_ method: String, _ operation: String, key: String? = nil, subject: String? = nil) {
        self.method = method
        self.operation = operation
        self.key = key
        self.subject = subject ?? key
    }
}
