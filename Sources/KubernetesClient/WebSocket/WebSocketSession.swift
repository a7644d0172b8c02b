/// A client's side of a WebSocket, without I/O: bytes go in, messages and answers come out.
struct WebSocketSession {
    /// What the server's bytes mean.
    enum Event: Sendable, Hashable {
        /// A whole message, text or binary.
        case message([UInt8])
        /// Bytes to send.
        case send([UInt8])
        /// The server closes, with its code and reason; nothing comes after it.
        case closed(code: UInt16?, reason: String)
    }

    private let limit: Int
    private var decoder: WebSocketFrameDecoder
    /// The message that is arriving in several frames.
    private var partial: [UInt8]?
    private(set) var isClosed = false

    /// - Parameter limit: the most bytes of one message.
    init(limit: Int) {
        self.limit = limit
        decoder = WebSocketFrameDecoder(limit: limit)
    }

    /// Takes bytes of the server's.
    mutating func receive(_ bytes: [UInt8]) throws(WebSocketError) -> [Event] {
        var events: [Event] = []
        for frame in try decoder.decode(bytes) where !isClosed {
            if let event = try take(frame) { events += event }
        }
        return events
    }

    private mutating func take(_ frame: WebSocketFrame) throws(WebSocketError) -> [Event]? {
        switch frame.opcode {
        case .ping: return [.send(WebSocketFrame(.pong, frame.payload).encoded())]
        case .pong: return nil
        case .close: return try close(frame.payload)
        case .text, .binary:
            guard partial == nil else { throw WebSocketError("a new message within another") }
            if frame.isFinal { return [.message(frame.payload)] }
            partial = frame.payload
            return nil
        case .continuation:
            guard var message = partial.take() else { throw WebSocketError("a continuation of nothing") }
            guard message.count + frame.payload.count <= limit else {
                throw WebSocketError("a message of more than \(limit) bytes", closeCode: 1009)
            }
            // In place: a message may come in very many frames.
            message += frame.payload
            if frame.isFinal { return [.message(message)] }
            partial = message
            return nil
        }
    }

    private mutating func close(_ payload: [UInt8]) throws(WebSocketError) -> [Event] {
        guard payload.count != 1 else { throw WebSocketError("half a close code") }
        isClosed = true
        let code = payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil
        let reason = PrintableText.cut(String(decoding: payload.dropFirst(2), as: UTF8.self), at: 120)
        return [
            .send(WebSocketFrame(.close, Array(payload.prefix(2))).encoded()), .closed(code: code, reason: reason),
        ]
    }

    /// The frame that ends the connection from this side.
    static func closing(_ code: UInt16) -> [UInt8] {
        WebSocketFrame(.close, [UInt8(code >> 8), UInt8(code & 0xFF)]).encoded()
    }
}
