import CLibCurl

/// A URL as libcurl understands it, so that nothing here is parsed in two ways.
final class CurlURL {
    private let raw: OpaquePointer

    /// nil when it is not a URL.
    init?(_ text: String) {
        guard let raw = curl_url() else { return nil }
        self.raw = raw
        guard set(CURLUPART_URL, text) else { return nil }
    }

    deinit { curl_url_cleanup(raw) }

    var scheme: String { self[CURLUPART_SCHEME] ?? "" }
    var host: String { self[CURLUPART_HOST] ?? "" }
    /// The port, or the scheme's own.
    var port: String { part(CURLUPART_PORT, flags: UInt32(CURLU_DEFAULT_PORT)) ?? "" }
    /// The port as written.
    var writtenPort: String? { self[CURLUPART_PORT] }
    var text: String? { self[CURLUPART_URL] }

    /// Path and query, as a request line has them.
    var target: String { (self[CURLUPART_PATH] ?? "/") + (self[CURLUPART_QUERY].map { "?\($0)" } ?? "") }

    /// Scheme, host and port: where credentials belong.
    var origin: String { "\(scheme)://\(host.lowercased()):\(port)" }

    /// Replaces a part; for the whole URL, follows a reference. False when it does not fit.
    func set(_ part: CURLUPart, _ value: String) -> Bool {
        curl_url_set(raw, part, value, UInt32(CURLU_PATH_AS_IS)) == CURLUE_OK
    }

    private subscript(part: CURLUPart) -> String? { self.part(part, flags: 0) }

    private func part(_ part: CURLUPart, flags: UInt32) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(raw, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
