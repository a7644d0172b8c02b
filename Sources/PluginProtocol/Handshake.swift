/// The one line with which a program says where it listens: go-plugin's handshake.
package struct Handshake: Sendable, Hashable {
    /// Where a program listens.
    package enum Address: Sendable, Hashable, CustomStringConvertible {
        /// A socket in the file system.
        case unix(path: String)
        /// A port of this machine, by a numeric address.
        case tcp(host: String, port: Int)

        package var description: String {
            switch self {
            case .unix(let path): path
            case .tcp(let host, let port): "\(host):\(port)"
            }
        }
    }

    /// What host and program agree on.
    package static let coreVersion = 1
    /// The version of Velero's protocol.
    package static let protocolVersion = 2
    /// The environment variable that tells a program that it was started as a plugin, not by a person.
    package static let cookie = (name: "VELERO_PLUGIN", value: "hello")
    /// The longest line that is read.
    package static let maximumLength = 4096

    /// Where the program listens.
    package let address: Address

    package init(address: Address) { self.address = address }

    /// The line, without its end.
    package var line: String {
        let network: String
        switch address {
        case .unix: network = "unix"
        case .tcp: network = "tcp"
        }
        return "\(Self.coreVersion)|\(Self.protocolVersion)|\(network)|\(address)|grpc"
    }

    /// Reads the line, which is anybody's text until it has been checked.
    ///
    /// - Throws: ``HandshakeFlaw``.
    package init(parsing line: String) throws(HandshakeFlaw) {
        let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard fields.count >= 4, let core = Int(fields[0]) else {
            throw HandshakeFlaw("it is not of the form 1|2|unix|/path|grpc")
        }
        guard core == Self.coreVersion else { throw HandshakeFlaw("its core protocol is \(core), not 1") }
        guard let version = Int(fields[1]), version == Self.protocolVersion else {
            throw HandshakeFlaw("its plugin protocol is '\(fields[1])'; Godwit speaks 2")
        }
        // A line of four fields is that of net/rpc, go-plugin's own older form.
        guard fields.count >= 5, fields[4] == "grpc" else {
            throw HandshakeFlaw("it does not speak gRPC but '\(fields.count >= 5 ? fields[4] : "netrpc")'")
        }
        guard fields.count < 6 || fields[5].isEmpty else { throw HandshakeFlaw("it wants TLS, which nobody asked for") }
        switch fields[2] {
        case "unix":
            // 108 bytes with the NUL is what the kernel has room for.
            guard fields[3].hasPrefix("/"), fields[3].utf8.count < 108, !fields[3].utf8.contains(0) else {
                throw HandshakeFlaw("'\(fields[3])' cannot be the path of a socket")
            }
            address = .unix(path: fields[3])
        case "tcp":
            guard let colon = fields[3].lastIndex(of: ":"), let port = Int(fields[3][colon...].dropFirst()),
                (1...65535).contains(port)
            else { throw HandshakeFlaw("'\(fields[3])' is not of the form address:port") }
            let host = String(fields[3][..<colon])
            guard Self.isLoopback(host) else {
                throw HandshakeFlaw("'\(host)' is not an address of this machine's loopback")
            }
            address = .tcp(host: host, port: port)
        default: throw HandshakeFlaw("nobody knows the network '\(fields[2])'")
        }
    }

    /// 127.0.0.0/8 or ::1, as numbers: a name could be made to point elsewhere.
    private static func isLoopback(_ host: String) -> Bool {
        if host == "[::1]" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// What is wrong with a handshake.
package struct HandshakeFlaw: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
