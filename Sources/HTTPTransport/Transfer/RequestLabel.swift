/// Names a request in errors: the method and the URL without what may be secret in it (user, password, query).
struct RequestLabel: Sendable {
    let method: String
    let url: String

    init(_ request: HTTPRequest) {
        method = request.method
        url = request.url
    }

    func error(_ kind: HTTPTransportError.Kind, _ reason: String?) -> HTTPTransportError {
        HTTPTransportError(kind, request: text, reason: reason)
    }

    var text: String {
        let bare = url.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = bare.firstRange(of: "://") else { return "\(method) \(bare)" }
        let rest = bare[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return "\(method) \(bare[..<scheme.upperBound])\(host)\(rest[authority.endIndex...])"
    }
}
