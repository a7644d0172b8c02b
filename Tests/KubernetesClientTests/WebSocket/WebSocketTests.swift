import HTTPTransport
import Streams
import Testing

@testable import KubernetesClient

@Suite struct WebSocketTests {
    /// A frame as a server sends it, without a mask.
    static func server(_ frame: WebSocketFrame) -> [UInt8] {
        var bytes: [UInt8] = [(frame.isFinal ? 0x80 : 0) | frame.opcode.rawValue]
        let count = frame.payload.count
        switch count {
        case 0..<126: bytes.append(UInt8(count))
        case 126...0xFFFF: bytes += [126, UInt8(count >> 8), UInt8(count & 0xFF)]
        default: bytes += [127, 0, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
        }
        return bytes + frame.payload
    }

    @Test(arguments: 0..<20)
    func messagesSurviveAnySplit(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        var bytes: [UInt8] = []
        var expected: [WebSocketSession.Event] = []
        for _ in 0..<10 {
            let size = [0, 1, 125, 126, 127, 4000, 70000].randomElement(using: &random.generator)!
            let message = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
            expected.append(.message(message))
            // In one frame, or in several with a pong between them.
            let cut = Int.random(in: 0...size, using: &random.generator)
            if Bool.random(using: &random.generator) {
                bytes += Self.server(WebSocketFrame(.binary, message))
            } else {
                bytes += Self.server(WebSocketFrame(.binary, Array(message[..<cut]), isFinal: false))
                bytes += Self.server(WebSocketFrame(.pong, [1]))
                bytes += Self.server(WebSocketFrame(.continuation, Array(message[cut...])))
            }
        }
        for size in [1, 100, 100_000] {
            var session = WebSocketSession(limit: 100_000)
            var events: [WebSocketSession.Event] = []
            for piece in random.pieces(of: bytes, atMost: size) { events += try session.receive(piece) }
            #expect(events == expected)
        }
    }

    @Test func clientFramesAreMasked() {
        let bytes = WebSocketFrame(.binary, [1, 2, 3, 4, 5]).encoded(mask: 0x0102_0304)
        #expect(bytes == [0x82, 0x85, 1, 2, 3, 4, 0, 0, 0, 0, 4])
        #expect(
            WebSocketFrame(.binary, [UInt8](repeating: 0, count: 300)).encoded(mask: 0)[..<4] == [0x82, 0xFE, 1, 44])
    }

    @Test func pingsAreAnsweredAndClosesEchoed() throws {
        var session = WebSocketSession(limit: 100)
        guard case .send(let pong)? = try session.receive(Self.server(WebSocketFrame(.ping, [7]))).first else {
            Issue.record("no pong")
            return
        }
        #expect(pong[0] == 0x8A)
        let events = try session.receive(
            Self.server(WebSocketFrame(.close, [3, 0xE8, 0x6F, 0x6B])) + Self.server(WebSocketFrame(.text, [1])))
        #expect(events.count == 2)
        #expect(events.last == .closed(code: 1000, reason: "ok"))
        #expect(session.isClosed)
    }

    @Test(arguments: [
        [0xF2, 0], [0x83, 0], [0x82, 0x80, 0, 0, 0, 0], [0x09, 0], [0x89, 126, 0, 0], [0x80, 0], [0x88, 1, 3],
        [0x82, 126, 0xFF, 0xFF], [0x82, 127, 0x7F, 0, 0, 0, 0, 0, 0, 0], [0x02, 0, 0x02, 0],
    ])
    func whatIsForbiddenIsRefused(bytes: [UInt8]) {
        var session = WebSocketSession(limit: 1000)
        #expect(throws: WebSocketError.self) { try session.receive(bytes) }
    }

    @Test func aSplitMessageHasALimit() throws {
        var session = WebSocketSession(limit: 10)
        _ = try session.receive(Self.server(WebSocketFrame(.binary, [UInt8](repeating: 0, count: 8), isFinal: false)))
        #expect(throws: WebSocketError.self) {
            try session.receive(Self.server(WebSocketFrame(.continuation, [0, 0, 0])))
        }
    }
}

@Suite struct WebSocketHandshakeTests {
    /// The example of RFC 6455, section 1.3.
    private let handshake = WebSocketHandshake(
        protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"], key: Array("the sample nonce".utf8))
    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private func answer(_ changes: [(String, String?)] = []) -> HTTPResponse {
        var headers: HTTPHeaders = [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": Self.accept,
            "Sec-WebSocket-Protocol": "v4.channel.k8s.io",
        ]
        for (name, value) in changes { headers[name] = value }
        return HTTPResponse(status: 101, headers: headers, majorVersion: 1, body: ByteStream([]))
    }

    @Test func theExampleOfTheStandard() throws {
        #expect(handshake.key == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(handshake.acceptance == Self.accept)
        #expect(try handshake.chosen(answer()) == "v4.channel.k8s.io")
        #expect(handshake.headers["Sec-WebSocket-Protocol"] == "v5.channel.k8s.io, v4.channel.k8s.io")
    }

    @Test(arguments: [
        ("Sec-WebSocket-Accept", nil as String?), ("Sec-WebSocket-Accept", ""),
        ("Sec-WebSocket-Accept", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="), ("Upgrade", "h2c"), ("Upgrade", nil),
        ("Sec-WebSocket-Protocol", "v3.channel.k8s.io"), ("Sec-WebSocket-Protocol", nil),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
    ])
    func otherAnswersAreRefused(name: String, value: String?) {
        #expect(throws: WebSocketError.self) { try handshake.chosen(answer([(name, value)])) }
    }

    @Test func keysDiffer() {
        #expect(WebSocketHandshake(protocols: []).key != WebSocketHandshake(protocols: []).key)
    }
}

@Suite struct ExecChannelsTests {
    private func channels(_ messages: [(UInt8, String)]) throws -> ExecChannels {
        var channels = ExecChannels()
        for (channel, text) in messages { try channels.receive([channel] + Array(text.utf8)) }
        return channels
    }

    @Test func outputAndSuccess() throws {
        let channels = try channels([
            (1, ""), (1, "out"), (2, "err"), (1, "put"), (3, #"{"metadata":{},"status":"Success"}"#),
        ])
        #expect(channels.standardOutput == Array("output".utf8))
        #expect(channels.standardError == Array("err".utf8))
        #expect(channels.exitCode == 0)
    }

    @Test func exitCodes() throws {
        let status = """
            {"kind":"Status","status":"Failure","reason":"NonZeroExitCode","message":"command terminated",\
            "details":{"causes":[{"reason":"ExitCode","message":"42"}]}}
            """
        #expect(try channels([(3, status)]).exitCode == 42)
        let failed = try channels([(3, #"{"kind":"Status","status":"Failure","message":"no such container"}"#)])
        #expect(failed.exitCode == nil)
        #expect(failed.outcome?.message == "no such container")
    }

    @Test func outputIsCut() throws {
        let channels = try channels((0..<10).map { _ in (1, String(repeating: "x", count: 10_000)) })
        #expect(channels.standardOutput.count == 64 << 10)
    }

    @Test func nonsenseIsRefused() {
        #expect(throws: WebSocketError.self) { try self.channels([(9, "x")]) }
        #expect(throws: WebSocketError.self) { try self.channels([(3, "no status")]) }
    }
}
