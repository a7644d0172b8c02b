/// How a client connects.
public struct HTTPConfiguration: Sendable, Hashable {
    /// TLS settings.
    public var tls = TLSConfiguration()
    /// The proxy; nil takes `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` from the environment.
    public var proxy: ProxyConfiguration?
    /// Timeouts of requests that bring none of their own.
    public var timeouts = HTTPTimeouts()
    /// Redirects that are followed, for GET and HEAD only; 0 gives the redirect to the caller. Credentials in headers
    /// never go to another host.
    public var maximumRedirects = 0
    /// Connections to one host at once. With HTTP/2 many requests share one.
    public var maximumConnectionsPerHost = 64
    /// Whether HTTP/2 is offered.
    public var allowsHTTP2 = true
    /// The `User-Agent`.
    public var userAgent = "godwit"

    /// The defaults.
    public init() {}
}

/// How long things may take. nil means no limit.
public struct HTTPTimeouts: Sendable, Hashable {
    /// Until connected, TLS included.
    public var connect: Duration?
    /// Between two bytes in either direction, while the transfer is not paused by this side.
    public var idle: Duration?
    /// For all of it.
    public var total: Duration?

    /// Timeouts; by default 10 s to connect, 60 s idle, no total.
    public init(connect: Duration? = .seconds(10), idle: Duration? = .seconds(60), total: Duration? = nil) {
        self.connect = connect
        self.idle = idle
        self.total = total
    }
}

/// TLS settings.
public struct TLSConfiguration: Sendable, Hashable {
    /// PEM text or a file of it.
    public enum Source: Sendable, Hashable {
        /// A path, read when a connection is made.
        case file(String)
        /// PEM text.
        case data([UInt8])
    }

    /// The certificate authorities that are trusted; nil for the system's.
    public var certificateAuthority: Source?
    /// The client's certificate chain.
    public var clientCertificate: Source?
    /// The client's private key.
    public var clientKey: Source?
    /// The name to send and to verify instead of the URL's host.
    public var serverName: String?
    /// Whether certificate and name are left unverified.
    public var isInsecure = false

    /// The defaults: the system's authorities, no client certificate.
    public init() {}
}

/// A proxy.
public enum ProxyConfiguration: Sendable, Hashable {
    /// No proxy, whatever the environment says.
    case none
    /// `http://`, `https://`, `socks5://` or `socks5h://` host and port, with user and password if needed; hosts in
    /// `bypass` (no_proxy syntax) are reached directly.
    case url(String, bypass: String?)
}
