import CLibCurl
import Glibc

extension EasyHandle {
    /// Applies the proxy settings to a host that libcurl does not see, because the URL holds the TLS server name.
    func applyProxy(_ proxy: ProxyConfiguration?, forHost host: String) throws {
        let list: String? =
            switch proxy {
            case .some(.none): nil
            case .url(_, let bypass): bypass
            case nil: Self.environment("no_proxy") ?? Self.environment("NO_PROXY")
            }
        if let list, NoProxy(list).contains(host) { return try set(CURLOPT_PROXY, "") }
        try set(CURLOPT_PROXY, nil as String?)
        try apply(proxy)
        try set(CURLOPT_NOPROXY, "")
    }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// Hosts that are reached without a proxy, in the syntax of curl's no_proxy: names with all below them, addresses,
/// networks (`10.0.0.0/8`), `*`.
struct NoProxy {
    private let entries: [Substring]

    init(_ list: String) {
        entries = list.lowercased().split { $0 == "," || $0 == " " }
    }

    /// - Parameter host: a name or an address; an IPv6 address may be in brackets.
    func contains(_ host: String) -> Bool {
        let host = Self.bare(host[...]).lowercased()
        return entries.contains { Self.matches(host, $0) }
    }

    private static func matches(_ host: String, _ entry: Substring) -> Bool {
        if entry == "*" { return true }
        let parts = bare(entry).split(separator: "/", maxSplits: 1)
        if let address = bytes(of: host) {
            guard let first = parts.first, let network = bytes(of: bare(first)), network.count == address.count else {
                return false
            }
            let bits = parts.count == 2 ? Int(parts[1]) : network.count * 8
            guard let bits, (0...network.count * 8).contains(bits) else { return false }
            return (0..<bits).allSatisfy { bit in
                (address[bit / 8] ^ network[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
            }
        }
        let name = entry.drop { $0 == "." }
        return host == name || host.hasSuffix(".\(name)")
    }

    private static func bare(_ host: Substring) -> Substring {
        var host = host.hasPrefix("[") ? host.dropFirst().prefix { $0 != "]" } : host
        if host.hasSuffix(".") { host = host.dropLast() }
        return host
    }

    private static func bytes(of address: some StringProtocol) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, String(address), &bytes) == 1 { return bytes }
        }
        return nil
    }
}
