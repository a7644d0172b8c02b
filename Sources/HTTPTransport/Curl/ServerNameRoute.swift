import CLibCurl

/// How to show and verify one name while connecting to the host of the URL.
///
/// libcurl sends and verifies the URL's host. So the URL is given the name, the connection is directed to the host
/// (CURLOPT_CONNECT_TO), and `Host` keeps what the caller wrote.
struct ServerNameRoute {
    let url: String
    let connectTo: HeaderList
    let hostField: String
    /// The host that proxy settings are about.
    let host: String

    /// nil when no name is set or the URL is not https.
    init?(_ request: HTTPRequest, serverName: String?, label: RequestLabel) throws {
        guard let serverName, request.url.prefix(6).lowercased() == "https:" else { return nil }
        guard let url = CurlURL(request.url) else { throw label.error(.invalidURL, "libcurl does not understand it") }
        let host = url.host
        let port = url.port
        let name = serverName.contains(":") && !serverName.hasPrefix("[") ? "[\(serverName)]" : serverName
        guard url.set(CURLUPART_HOST, name), let text = url.text else {
            throw label.error(.invalidRequest, "the TLS server name is not a host name")
        }
        connectTo = HeaderList()
        try connectTo.append("\(name):\(port):\(host):\(port)")
        self.url = text
        self.host = host
        hostField = url.writtenPort.map { "\(host):\($0)" } ?? host
    }
}
