/// Refuses requests that could not be what the caller meant, before anything is sent.
enum RequestCheck {
    static func validate(_ request: HTTPRequest, label: RequestLabel) throws {
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(isTokenByte) else {
            throw HTTPTransportError(.invalidRequest, request: "a request", reason: "the method is not a word")
        }
        try validate(url: request.url, label: label)
        for field in request.headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(isTokenByte) else {
                throw label.error(.invalidRequest, "the name of a header field has characters that it may not have")
            }
            guard field.value.utf8.allSatisfy(isValueByte) else {
                throw label.error(.invalidRequest, "header field \(field.name) has a control character in its value")
            }
        }
        if request.method == "HEAD", case .none = request.body {
        } else if request.method == "HEAD" {
            throw label.error(.invalidRequest, "a HEAD request has no body")
        }
    }

    private static func validate(url: String, label: RequestLabel) throws {
        // A line break in the URL must not get into the error's text either.
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HTTPTransportError(
                .invalidURL, request: label.method, reason: "the URL has characters that are not percent-encoded")
        }
        let lowered = url.prefix(8).lowercased()
        let rest: Substring =
            if lowered.hasPrefix("https://") { url.dropFirst(8) } else if lowered.hasPrefix("http://") {
                url.dropFirst(7)
            } else { "" }
        guard let first = rest.utf8.first, ![0x2F, 0x3F, 0x23].contains(first) else {
            throw label.error(.invalidURL, "it must begin with http:// or https:// and a host")
        }
    }

    /// RFC 9110, 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// RFC 9110, 5.5: visible characters, space, tab and bytes above ASCII.
    private static func isValueByte(_ byte: UInt8) -> Bool {
        byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
    }
}
