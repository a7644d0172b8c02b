import CLibCurl

extension EasyHandle {
    /// Bodies up to this size are copied into the handle and leave together with the head.
    private static let smallBodyLimit = 64 * 1024

    /// Sets everything that differs between requests; nothing of the handle's last request remains.
    ///
    /// - Returns: the body that libcurl is to read, if there is one.
    func apply(
        _ request: HTTPRequest, timeouts: HTTPTimeouts, route: ServerNameRoute?, allowsHTTP2: Bool
    ) throws -> UploadSource? {
        clearError()
        try set(CURLOPT_URL, route?.url ?? request.url)
        try set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(timeouts.connect))
        // HTTP/2 is agreed on in the TLS handshake. Requests wait for the first connection to tell if they can share.
        let mayShare = allowsHTTP2 && request.url.prefix(6).lowercased() == "https:"
        try set(CURLOPT_HTTP_VERSION, mayShare ? 4 : 2)  // CURL_HTTP_VERSION_2TLS, _1_1
        try set(CURLOPT_PIPEWAIT, mayShare)
        try setConnectTo(route?.connectTo)
        // This also takes back POST, UPLOAD and NOBODY.
        try set(CURLOPT_HTTPGET, true)
        try set(CURLOPT_CUSTOMREQUEST, nil as String?)
        let upload = try applyMethodAndBody(request)
        try setHeaders(try HeaderLines(request, host: route?.hostField).list())
        return upload
    }

    private func applyMethodAndBody(_ request: HTTPRequest) throws -> UploadSource? {
        switch request.body {
        case .none where ["POST", "PUT", "PATCH"].contains(request.method):
            // Servers expect a length with these (RFC 9110, 8.6).
            return try applySmallBody([], method: request.method)
        case .none:
            switch request.method {
            case "GET": break
            case "HEAD": try set(CURLOPT_NOBODY, true)
            default: try set(CURLOPT_CUSTOMREQUEST, request.method)
            }
            return nil
        case .bytes(let bytes) where bytes.count <= Self.smallBodyLimit:
            return try applySmallBody(bytes, method: request.method)
        case .bytes(let bytes):
            try applyUpload(length: Int64(bytes.count), method: request.method)
            return UploadSource(bytes)
        case .stream(_, let length):
            try applyUpload(length: length, method: request.method)
            return UploadSource()
        }
    }

    private func applySmallBody(_ bytes: [UInt8], method: String) throws -> UploadSource? {
        try set(CURLOPT_POST, true)
        try setCopiedBody(bytes)
        try set(CURLOPT_CUSTOMREQUEST, method)
        return nil
    }

    private func applyUpload(length: Int64?, method: String) throws {
        try set(CURLOPT_UPLOAD, true)
        try set(CURLOPT_INFILESIZE_LARGE, large: length ?? -1)
        try set(CURLOPT_CUSTOMREQUEST, method)
    }

    /// libcurl takes 0 for its own default of 300 s.
    static func milliseconds(_ duration: Duration?) -> Int {
        guard let (seconds, attoseconds) = duration?.components else { return Int(Int32.max) }
        guard seconds < 2_000_000 else { return Int(Int32.max) }
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}

/// The header lines of a request in libcurl's syntax.
private struct HeaderLines {
    private let request: HTTPRequest
    private let host: String?

    init(_ request: HTTPRequest, host: String?) {
        self.request = request
        self.host = host
    }

    func list() throws -> HeaderList {
        let list = HeaderList()
        for field in request.headers.fields where isPassedOn(field.name.lowercased()) {
            // "Name;" is a field without a value; "Name:" would remove libcurl's own.
            try list.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        if let host, request.headers["Host"] == nil { try list.append("Host: \(host)") }
        if case .none = request.body, !["POST", "PUT", "PATCH"].contains(request.method) { return list }
        // Fields that libcurl would add by itself.
        if request.headers["Content-Type"] == nil { try list.append("Content-Type:") }
        if !mayExpect || request.headers["Expect"] == nil { try list.append("Expect:") }
        return list
    }

    /// The framing of the body is libcurl's affair: two opinions about it would be request smuggling.
    private func isPassedOn(_ name: String) -> Bool {
        switch name {
        case "content-length", "transfer-encoding": false
        case "expect": mayExpect
        default: true
        }
    }

    /// Bytes at hand are sent at once; to ask first costs a round trip.
    private var mayExpect: Bool {
        if case .stream = request.body { true } else { false }
    }
}
