package import NIOCore

/// Answers the PINGs of HTTP/2 before the HTTP/2 handler sees them.
///
/// Go's gRPC measures the bandwidth with a PING whenever data arrives, a thousand times a minute in a busy connection.
/// NIO's HTTP/2 takes more than 200 in 30 s for an attack and ends the connection, with every call that is under way. A
/// peer that only sends, and does not read the answers, still meets that limit.
///
/// Frames: RFC 9113, 4.1; PING: 6.7.
package final class PingResponder: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private static let headerSize = 9
    private static let payloadSize = 8
    private static let ping: UInt8 = 6
    private static let acknowledged: UInt8 = 1

    /// What is left of the frame, or of the preface, that is passed on.
    private var rest: Int
    /// The beginning of a frame whose kind is not known yet, or of a PING.
    private var held: ByteBuffer?
    private var hasAnswered = false

    /// A responder for one side of a connection.
    package init(of side: Side) { rest = side == .server ? Self.preface.utf8.count : 0 }

    /// The side of a connection.
    package enum Side: Sendable {
        /// The one that connects.
        case client
        /// The one that listens: what it reads begins with the client's preface.
        case server
    }

    /// What a client says first; RFC 9113, 3.4.
    package static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    /// Puts a responder in front of a connection's other handlers.
    @Sendable package static func add(to channel: any Channel, of side: Side) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(PingResponder(of: side), position: .first)
        }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var input = unwrapInboundIn(data)
        if var held {
            self.held = nil
            held.writeBuffer(&input)
            input = held
        }
        var passedOn = input.readerIndex
        var position = passedOn
        let end = input.writerIndex
        while position < end {
            if rest > 0 {
                let step = min(rest, end - position)
                position += step
                rest -= step
                continue
            }
            guard end - position >= Self.headerSize else { break }
            guard Self.isPing(input, at: position), context.channel.isWritable else {
                rest = Self.headerSize + Self.length(input, at: position)
                continue
            }
            guard end - position >= Self.headerSize + Self.payloadSize else { break }
            pass(on: input, passedOn..<position, context)
            answer(input, at: position, context)
            position += Self.headerSize + Self.payloadSize
            passedOn = position
        }
        pass(on: input, passedOn..<position, context)
        if position < end { held = input.getSlice(at: position, length: end - position) }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if hasAnswered {
            hasAnswered = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    private func pass(on input: ByteBuffer, _ range: Range<Int>, _ context: ChannelHandlerContext) {
        guard !range.isEmpty, let part = input.getSlice(at: range.lowerBound, length: range.count) else { return }
        context.fireChannelRead(wrapInboundOut(part))
    }

    private func answer(_ input: ByteBuffer, at position: Int, _ context: ChannelHandlerContext) {
        guard let payload = input.getSlice(at: position + Self.headerSize, length: Self.payloadSize) else { return }
        var frame = context.channel.allocator.buffer(capacity: Self.headerSize + Self.payloadSize)
        frame.writeBytes([0, 0, UInt8(Self.payloadSize), Self.ping, Self.acknowledged, 0, 0, 0, 0])
        frame.writeImmutableBuffer(payload)
        context.write(wrapOutboundOut(frame), promise: nil)
        hasAnswered = true
    }

    private static func length(_ input: ByteBuffer, at position: Int) -> Int {
        let high = input.getInteger(at: position, as: UInt16.self) ?? 0
        let low = input.getInteger(at: position + 2, as: UInt8.self) ?? 0
        return Int(high) << 8 | Int(low)
    }

    /// Whether a frame is a PING that wants an answer. A malformed one is left to the HTTP/2 handler.
    private static func isPing(_ input: ByteBuffer, at position: Int) -> Bool {
        guard let kind = input.getInteger(at: position + 3, as: UInt8.self),
            let flags = input.getInteger(at: position + 4, as: UInt8.self),
            let stream = input.getInteger(at: position + 5, as: UInt32.self)
        else { return false }
        return kind == ping && flags & acknowledged == 0 && stream & 0x7FFF_FFFF == 0
            && length(input, at: position) == payloadSize
    }
}
