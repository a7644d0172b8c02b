/// A frame of RFC 6455, section 5.
struct WebSocketFrame: Sendable, Hashable {
    /// What a frame is for.
    enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        /// Whether it may stand between the frames of a message, and never be split.
        var isControl: Bool { rawValue >= 8 }
    }

    let opcode: Opcode
    let isFinal: Bool
    let payload: [UInt8]

    init(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) {
        self.opcode = opcode
        self.payload = payload
        self.isFinal = isFinal
    }

    /// The frame as a client sends it: masked, so that no proxy takes its content for HTTP.
    func encoded(mask: UInt32 = .random(in: 0...UInt32.max)) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode.rawValue]
        switch payload.count {
        case 0..<126: bytes.append(0x80 | UInt8(payload.count))
        case 126...0xFFFF: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            bytes.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        let key = (0..<4).map { UInt8(truncatingIfNeeded: mask >> (24 - 8 * UInt32($0))) }
        bytes += key
        for (index, byte) in payload.enumerated() { bytes.append(byte ^ key[index & 3]) }
        return bytes
    }
}

/// What a server did that the protocol forbids, or more than this side takes.
struct WebSocketError: Error, Hashable {
    /// In words.
    let reason: String
    /// The code to close with: 1002 protocol error, 1009 too big.
    let closeCode: UInt16

    init(_ reason: String, closeCode: UInt16 = 1002) {
        self.reason = reason
        self.closeCode = closeCode
    }
}

/// Cuts a server's bytes into frames, wherever they are split.
struct WebSocketFrameDecoder {
    private let limit: Int
    private var buffer: [UInt8] = []

    /// - Parameter limit: the most bytes of one frame's payload.
    init(limit: Int) { self.limit = limit }

    /// Adds bytes and gives the frames that are complete.
    mutating func decode(_ bytes: [UInt8]) throws(WebSocketError) -> [WebSocketFrame] {
        buffer += bytes
        var frames: [WebSocketFrame] = []
        var start = 0
        while let (frame, end) = try frame(at: start) {
            frames.append(frame)
            start = end
        }
        buffer.removeFirst(start)
        return frames
    }

    private func frame(at start: Int) throws(WebSocketError) -> (WebSocketFrame, end: Int)? {
        guard buffer.count >= start + 2 else { return nil }
        let (first, second) = (buffer[start], buffer[start + 1])
        guard first & 0x70 == 0 else { throw WebSocketError("reserved bits are set") }
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else {
            throw WebSocketError("unknown opcode \(first & 0x0F)")
        }
        guard second & 0x80 == 0 else { throw WebSocketError("the server masked a frame") }
        let isFinal = first & 0x80 != 0
        let short = Int(second & 0x7F)
        guard !opcode.isControl || (isFinal && short < 126) else {
            throw WebSocketError("a long or split control frame")
        }
        let extra = short == 126 ? 2 : short == 127 ? 8 : 0
        let head = start + 2 + extra
        guard buffer.count >= head else { return nil }
        var length = UInt64(extra == 0 ? short : 0)
        for byte in buffer[start + 2..<head] { length = length << 8 | UInt64(byte) }
        guard length <= UInt64(limit) else {
            throw WebSocketError("a frame of \(length) bytes, where \(limit) are the limit", closeCode: 1009)
        }
        let end = head + Int(length)
        guard buffer.count >= end else { return nil }
        return (WebSocketFrame(opcode, Array(buffer[head..<end]), isFinal: isFinal), end)
    }
}
