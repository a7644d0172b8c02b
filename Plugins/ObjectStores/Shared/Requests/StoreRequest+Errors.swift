import GodwitModel
package import GodwitPluginAPI
package import HTTPTransport
package import Streams

extension StoreRequest {
    /// An error about this request. What services say in the reason is anybody's text.
    package func error(
        _ kind: ObjectStoreError.Kind, _ reason: String, store: String, retryAfter: Duration? = nil
    ) -> ObjectStoreError {
        ObjectStoreError(
            kind, operation: operation, key: subject, store: store, reason: String(reason.prefix(1000)).printable,
            retryAfter: retryAfter)
    }

    /// Turns an error of the transport, of the settings, or of the search for credentials into one of the store; others
    /// stay.
    package func translate(_ error: any Error, store: String) -> any Error {
        switch error {
        case let failure as HTTPTransportError: self.error(failure.storeKind, failure.description, store: store)
        case let failure as CredentialsError:
            self.error(failure.isPassing ? .unavailable : .unauthenticated, failure.reason, store: store)
        case let failure as SettingError: self.error(.invalidConfiguration, failure.description, store: store)
        default: error
        }
    }

    /// Throws unless an answer names the object that it is about. A proxy or a captive portal says yes to everything.
    package func requireETag(_ headers: HTTPHeaders, store: String) throws {
        guard headers["ETag"] != nil else {
            throw error(
                .unavailable, "the answer names no object (ETag); is there an object store at the endpoint?",
                store: store)
        }
    }

    /// Reads a small answer to its end.
    package func collect(_ body: ByteStream, limit: Int, store: String) async throws -> [UInt8] {
        do {
            return try await body.collect(upTo: limit)
        } catch is StreamTooLong {
            throw error(.unavailable, "the answer is longer than any that such a store gives", store: store)
        } catch {
            throw translate(error, store: store)
        }
    }
}

extension HTTPTransportError {
    /// The transport's failure in the words of ``ObjectStoreError``.
    fileprivate var storeKind: ObjectStoreError.Kind {
        switch kind {
        case .connect, .timeout, .interrupted, .nameResolution, .protocolViolation: .connection
        case .invalidURL, .tls, .clientCertificate, .redirects: .invalidConfiguration
        case .invalidRequest, .shutdown, .other: .other(code: "transport")
        }
    }
}

extension RetryPolicy {
    /// Runs a request of an upload until it succeeds, fails for good, or the attempts are used up.
    package func runRequest<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await run(
            retryDelay: { error in
                guard let error = error as? ObjectStoreError, error.isRetryable else { return nil }
                return error.retryAfter ?? .zero
            },
            operation: { _ in try await body() })
    }
}
