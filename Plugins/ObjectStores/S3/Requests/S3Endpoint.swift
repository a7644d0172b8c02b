import Glibc

/// Where a bucket's requests go: scheme, host, and whether the bucket is in the host or in the path.
struct S3Endpoint: Sendable, Hashable {
    let scheme: String
    /// Host and, unless it is the scheme's own, port.
    let authority: String
    /// A path before the bucket's, without a `/` at its end.
    let basePath: String

    var isTLS: Bool { scheme == "https" }

    var text: String { "\(scheme)://\(authority)\(basePath)" }

    /// The endpoint of AWS for a region.
    static func aws(region: String) -> S3Endpoint {
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return S3Endpoint(scheme: "https", authority: "s3.\(region).\(domain)", basePath: "")
    }

    private init(scheme: String, authority: String, basePath: String) {
        self.scheme = scheme
        self.authority = authority
        self.basePath = basePath
    }

    /// Reads an address, with or without a scheme; nil when it is none, or holds a query or a user.
    init?(_ address: String) {
        var rest = Substring(address)
        var scheme = "https"
        if let colon = address.firstIndex(of: ":"), address[colon...].hasPrefix("://") {
            scheme = address[..<colon].lowercased()
            rest = address[colon...].dropFirst(3)
        }
        guard scheme == "http" || scheme == "https", !rest.contains(where: { "?#@ \\".contains($0) }) else {
            return nil
        }
        let path = rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
        var authority = rest.prefix { $0 != "/" }.lowercased()
        let ownPort = scheme == "http" ? ":80" : ":443"
        // Clients leave the scheme's own port out of Host, so it must not be signed either.
        if authority.hasSuffix(ownPort) { authority.removeLast(ownPort.count) }
        guard !authority.isEmpty else { return nil }
        self.scheme = scheme
        self.authority = authority
        var base = String(path)
        while base.hasSuffix("/") { base.removeLast() }
        basePath = base
    }

    /// Whether the host is an IP address or `localhost`, below which no bucket can have a name.
    var isAddress: Bool {
        if authority.hasPrefix("[") { return true }
        let host = String(authority.prefix { $0 != ":" })
        var address = in_addr()
        return host == "localhost" || inet_pton(AF_INET, host, &address) == 1
    }

    /// Whether requests stay on this machine.
    var isLoopback: Bool {
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return host == "localhost" || host == "[::1]" || (isAddress && host.hasPrefix("127."))
    }

    /// Host and encoded path of a key in a bucket, or of the bucket itself.
    func location(bucket: String, key: String?, pathStyle: Bool) -> (authority: String, path: String) {
        let encoded = key.map { "/" + PercentEncoding.encodePath($0) }
        if pathStyle { return (authority, "\(basePath)/\(PercentEncoding.encode(bucket))\(encoded ?? "")") }
        return ("\(bucket).\(authority)", basePath + (encoded ?? "/"))
    }
}
