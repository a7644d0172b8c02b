import GodwitModel

/// What a server says about a request that failed (meta/v1 Status).
struct APIStatus: Sendable, Hashable {
    /// One of several reasons.
    struct Cause: Sendable, Hashable {
        let reason: String
        let message: String
        let field: String
    }

    let code: Int
    let reason: String
    let message: String
    let causes: [Cause]
    let retryAfterSeconds: Int?
    /// With a 410 for a page: a token that goes on in the list as it is now.
    let continueToken: String?

    /// Reads a body; one that is no Status, from a proxy perhaps, counts as the message.
    init(httpStatus: Int, body: [UInt8]) {
        if let document = try? JSONValue(parsing: body), document["kind"]?.string == "Status" {
            self.init(document, httpStatus: httpStatus)
            return
        }
        self.init(["message": .string(String(decoding: body.prefix(4096), as: UTF8.self))], httpStatus: httpStatus)
    }

    /// Reads a Status object.
    init(_ document: JSONValue, httpStatus: Int) {
        code = document["code"]?.integer.flatMap(Int.init(exactly:)) ?? httpStatus
        reason = document["reason"]?.string ?? ""
        message = document["message"]?.string ?? ""
        let details = document["details"]
        causes = (details?["causes"]?.array ?? []).prefix(32).map { cause in
            Cause(
                reason: cause["reason"]?.string ?? "", message: cause["message"]?.string ?? "",
                field: cause["field"]?.string ?? "")
        }
        retryAfterSeconds = details?["retryAfterSeconds"]?.integer.flatMap(Int.init(exactly:))
        let token = document[path: "metadata", "continue"]?.string ?? ""
        continueToken = token.isEmpty ? nil : token
    }
}

extension APIStatus {
    /// The class of failure, by the reason where there is one: several reasons share a code.
    var kind: ClusterError.Kind {
        if causes.contains(where: { $0.reason == "NamespaceTerminating" }) { return .namespaceTerminating }
        if message.contains("request is too large") || message.contains("message larger than max") { return .tooLarge }
        switch reason {
        case "AlreadyExists": return .alreadyExists
        case "Conflict": return .conflict
        case "NotFound": return .notFound
        case "Invalid", "BadRequest": return .invalid
        case "Unauthorized": return .unauthorized
        case "Forbidden":
            if message.contains("status unknown for quota: ") { return .quotaPending }
            return message.contains("because it is being terminated") ? .namespaceTerminating : .forbidden
        case "Expired", "Gone": return .gone
        case "TooManyRequests": return .throttled
        case "RequestEntityTooLarge": return .tooLarge
        case "ServerTimeout", "Timeout", "InternalError", "ServiceUnavailable": return .unavailable
        default: return kindByCode
        }
    }

    private var kindByCode: ClusterError.Kind {
        switch code {
        case 400, 422: .invalid
        case 401: .unauthorized
        case 403: .forbidden
        case 404: .notFound
        case 409: .conflict
        case 410: .gone
        case 413: .tooLarge
        case 429: .throttled
        case 500...599: .unavailable
        default: .other(status: code)
        }
    }

    /// Whether the server did not do it now but may in a moment.
    var isPassing: Bool {
        switch code {
        case 429, 502, 503, 504: true
        case 500:
            retryAfterSeconds != nil || reason == "ServerTimeout" || message.hasPrefix("etcdserver: leader changed")
        default: false
        }
    }

    /// The message, fit for a person and without what may be a secret.
    func reasonText(_ redaction: Redaction?) -> String? {
        var text = message
        // Decoders quote the body around the fault.
        for marker in [", error found in #", ", bigger context"] {
            if let range = text.firstRange(of: marker) { text = String(text[..<range.lowerBound]) }
        }
        if let redaction { text = redaction.apply(to: text, status: self) }
        text = PrintableText.cut(text, at: 1000)
        if text.isEmpty { return reason.isEmpty ? "status \(code)" : reason }
        return text
    }
}
