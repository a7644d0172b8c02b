import CLibCurl

/// The library as a whole.
enum CurlLibrary {
    /// Sets the library up, once for the process and from any thread: a static is initialised under a lock.
    private static let initialised: CURLcode = curl_global_init(Int(CURL_GLOBAL_ALL))

    /// Must pass before any other call.
    static func load() throws {
        guard initialised == CURLE_OK else {
            throw HTTPTransportError(
                .other(code: Int(initialised.rawValue)), request: "libcurl", reason: message(initialised))
        }
    }

    /// What libcurl says about a code.
    static func message(_ code: CURLcode) -> String {
        curl_easy_strerror(code).map { String(cString: $0) } ?? "code \(code.rawValue)"
    }
}
