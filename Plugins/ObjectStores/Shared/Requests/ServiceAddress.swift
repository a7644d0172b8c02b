import Glibc

/// Where a service's requests go.
package struct ServiceAddress: Sendable, Hashable {
    /// `http` or `https`.
    package let scheme: String
    /// Host and, unless it is the scheme's own, port.
    package let authority: String
    /// A path before the bucket's, without a `/` at its end.
    package let basePath: String

    /// Whether requests are encrypted.
    package var isTLS: Bool { scheme == "https" }

    /// The address, without a `/` at its end.
    package var text: String { "\(scheme)://\(authority)\(basePath)" }

    /// An address of its parts.
    package init(scheme: String, authority: String, basePath: String) {
        self.scheme = scheme
        self.authority = authority
        self.basePath = basePath
    }

    /// Reads an address, with or without a scheme; nil when it is none, or holds a query or a user.
    package init?(_ address: String) {
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

    /// The place that a URL leads to, without its path and query; nil when it is no URL, or holds a user.
    package init?(originOf url: String) {
        guard let mark = url.firstRange(of: "://") else { return nil }
        self.init(String(url[..<mark.upperBound]) + url[mark.upperBound...].prefix { !"/?#".contains($0) })
    }

    /// Whether secrets may be sent there: over TLS, or on this machine.
    package var isSafe: Bool { isTLS || isLoopback }

    /// Whether the host is an IP address or `localhost`, below which no bucket can have a name.
    package var isAddress: Bool {
        if authority.hasPrefix("[") { return true }
        let host = String(authority.prefix { $0 != ":" })
        var address = in_addr()
        return host == "localhost" || inet_pton(AF_INET, host, &address) == 1
    }

    /// Whether requests stay on this machine.
    package var isLoopback: Bool {
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return host == "localhost" || host == "[::1]" || (isAddress && host.hasPrefix("127."))
    }
}
