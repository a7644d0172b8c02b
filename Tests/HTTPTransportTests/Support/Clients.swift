import HTTPTransport
import Streams

extension HTTPConfiguration {
    /// Reaches test servers without a proxy. What is tested is never these limits: a busy machine may take its time.
    static var testing: HTTPConfiguration {
        var configuration = HTTPConfiguration()
        configuration.proxy = ProxyConfiguration.none
        configuration.timeouts = HTTPTimeouts(connect: .seconds(120), idle: .seconds(120))
        return configuration
    }

    /// Trusts the test authority.
    static func trusting(_ certificates: Certificates, _ change: (inout HTTPConfiguration) -> Void = { _ in }) -> Self {
        var configuration = testing
        configuration.tls.certificateAuthority = .file(certificates.path("ca.pem"))
        change(&configuration)
        return configuration
    }

    func with(_ change: (inout HTTPConfiguration) throws -> Void) rethrows -> Self {
        var copy = self
        try change(&copy)
        return copy
    }
}

extension HTTPClient {
    /// Sends, and reads the body whole.
    func text(_ request: HTTPRequest) async throws -> (status: Int, text: String, head: HTTPResponse) {
        let response = try await send(request)
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return (response.status, String(decoding: bytes, as: UTF8.self), response)
    }
}

/// The error of an operation that must fail in the transport.
func transportError(_ operation: () async throws -> Void) async throws -> HTTPTransportError? {
    do {
        try await operation()
        return nil
    } catch let error as HTTPTransportError {
        return error
    }
}

/// Waits until something that another thread brings about is so.
func eventually(_ condition: () -> Bool) async throws -> Bool {
    for _ in 0..<12_000 {
        if condition() { return true }
        try await Task.sleep(for: .milliseconds(5))
    }
    return condition()
}
