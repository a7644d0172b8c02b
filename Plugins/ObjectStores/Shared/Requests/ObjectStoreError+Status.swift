package import GodwitPluginAPI
package import HTTPTransport

extension ObjectStoreError.Kind {
    /// What a status alone says of a failure.
    ///
    /// - Parameter code: the service's own, for failures that have no class here.
    package init(status: Int, code: String?) {
        self =
            switch status {
            case 401: .unauthenticated
            case 403: .accessDenied
            case 404: .notFound
            case 408: .connection
            case 412: .alreadyExists
            case 416: .invalidRange
            case 429: .throttled
            case 501: .other(code: code ?? "501")
            case 507: .outOfSpace
            case 500...: .unavailable
            case 300...399: .invalidConfiguration
            default: .other(code: code ?? String(status))
            }
    }
}

extension HTTPHeaders {
    /// How long the service asks to wait, five minutes at most; nil when it does not say so in seconds.
    package var retryAfter: Duration? {
        self["Retry-After"].flatMap(Int.init).map { .seconds(min(max($0, 0), 300)) }
    }
}
