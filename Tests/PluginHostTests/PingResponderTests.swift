import GodwitTestKit
import NIOCore
import NIOEmbedded
import PluginProtocol
import Testing

/// PINGs are answered before the HTTP/2 handler counts them; everything else goes through as it came.
@Suite struct PingResponderTests {
    private static func frame(
        _ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8]
    ) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(payload.count >> 16))
        buffer.writeInteger(UInt16(truncatingIfNeeded: payload.count))
        buffer.writeBytes([kind, flags])
        buffer.writeInteger(stream)
        buffer.writeBytes(payload)
        return Array(buffer.readableBytesView)
    }

    private static func channel(_ side: PingResponder.Side) async throws -> NIOAsyncTestingChannel {
        let channel = NIOAsyncTestingChannel()
        try await channel.eventLoop.flatSubmit { PingResponder.add(to: channel, of: side) }.get()
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/none")).get()
        return channel
    }

    private static func bytes(_ next: () async throws -> ByteBuffer?) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let buffer = try await next() { all += Array(buffer.readableBytesView) }
        return all
    }

    @Test(arguments: 0..<40) func framesInAnyPieces(seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let side: PingResponder.Side = seed % 2 == 0 ? .client : .server
        var (sent, expected, answers): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
        if side == .server {
            sent += Array(PingResponder.preface.utf8)
            expected = sent
        }
        for _ in 0..<60 {
            let payload = (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                sent += Self.frame(6, payload)
                answers += Self.frame(6, flags: 1, payload)
            case 2:
                // An answer to a PING of our own, a malformed one, and one that is none: none of ours to answer.
                for other in [
                    Self.frame(6, flags: 1, payload), Self.frame(6, Array(payload.dropLast())),
                    Self.frame(6, stream: 3, payload),
                ] {
                    sent += other
                    expected += other
                }
            default:
                let data = [UInt8](repeating: 6, count: Int.random(in: 0...300, using: &random))
                let frame = Self.frame(0, flags: 1, stream: 5, data)
                sent += frame
                expected += frame
            }
        }
        let channel = try await Self.channel(side)
        var left = sent[...]
        while !left.isEmpty {
            let piece = left.prefix(Int.random(in: 1...40, using: &random))
            left = left.dropFirst(piece.count)
            try await channel.writeInbound(ByteBuffer(bytes: piece))
        }
        #expect(try await Self.bytes { try await channel.readInbound(as: ByteBuffer.self) } == expected)
        #expect(try await Self.bytes { try await channel.readOutbound(as: ByteBuffer.self) } == answers)
    }
}
