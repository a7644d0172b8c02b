import PluginProtocol
import Testing

@Suite struct HandshakeTests {
    @Test(arguments: [
        ("1|2|unix|/tmp/plugin123|grpc", Handshake.Address.unix(path: "/tmp/plugin123")),
        ("1|2|unix|/tmp/plugin123|grpc|", .unix(path: "/tmp/plugin123")),
        ("1|2|unix|/tmp/plugin123|grpc||false", .unix(path: "/tmp/plugin123")),
        ("1|2|tcp|127.0.0.1:10000|grpc", .tcp(host: "127.0.0.1", port: 10_000)),
        ("1|2|tcp|127.8.9.1:1|grpc", .tcp(host: "127.8.9.1", port: 1)),
        ("1|2|tcp|[::1]:65535|grpc", .tcp(host: "[::1]", port: 65_535)),
    ])
    func reads(line: String, address: Handshake.Address) throws {
        #expect(try Handshake(parsing: line).address == address)
    }

    @Test(arguments: [
        "", "|", "1|2", "1|2|unix|/tmp/x", "x|2|unix|/tmp/x|grpc", "1|3|unix|/tmp/x|grpc", "1|2|unix||grpc",
        "1|2|unix|x|grpc", "1|2|tcp|1.2.3.4:5|grpc", "1|2|tcp|127.0.0.1|grpc", "1|2|tcp|127.0.0.1:0|grpc",
        "1|2|tcp|127.1:80|grpc", "1|2|tcp|127.0.0.256:80|grpc", "1|2|tcp|:80|grpc", "1|2|udp|127.0.0.1:80|grpc",
        "1|2|unix|/tmp/x|GRPC", "1|2|unix|/tmp/x|grpc|certificate",
    ])
    func refuses(line: String) {
        #expect(throws: HandshakeFlaw.self) { try Handshake(parsing: line) }
    }

    @Test func aPathThatFitsNoSocketIsRefused() {
        let path = "/" + String(repeating: "x", count: 107)
        #expect(throws: HandshakeFlaw.self) { try Handshake(parsing: "1|2|unix|\(path)|grpc") }
    }

    @Test func writesWhatItReads() throws {
        let handshake = Handshake(address: .unix(path: "/run/p"))
        #expect(handshake.line == "1|2|unix|/run/p|grpc")
        #expect(try Handshake(parsing: handshake.line) == handshake)
    }
}
