import Streams
import Synchronization

/// What the user of an upgraded connection holds; released, it closes the connection.
final class RawConnection: UpgradedConnection {
    private static let headLimit = 256 * 1024
    private static let refusalLimit = 1 << 20

    private let link: RawLink
    /// Bytes that were read with the head and belong to what follows it.
    private let unread = Mutex<[UInt8]>([])

    init(_ link: RawLink) { self.link = link }

    deinit { link.close() }

    func read() async throws -> [UInt8]? {
        let kept = unread.withLock { unread in
            defer { unread = [] }
            return unread
        }
        return kept.isEmpty ? try await link.read() : kept
    }

    func write(_ bytes: [UInt8]) async throws { try await link.write(bytes) }

    func close() { link.close() }

    /// Reads the head of the answer, interim ones aside.
    func readHead(label: RequestLabel) async throws -> ResponseHead {
        var parser = ResponseHeadParser()
        parser.acceptsSwitch = true
        var total = 0
        while true {
            guard let line = try await readLine(upTo: Self.headLimit, label: label) else {
                throw label.error(.interrupted, "the connection ended before the head of the answer did")
            }
            total += line.count
            guard total <= Self.headLimit else { throw label.error(.protocolViolation, "the head is too long") }
            if let head = line.withUnsafeBytes({ parser.take($0) }) { return head }
            guard !parser.isWithoutStatus else { throw label.error(.protocolViolation, "the answer is not HTTP") }
        }
    }

    /// Reads the body of an answer that is no switch, of any framing.
    func readRefusal(_ head: ResponseHead) async throws -> HTTPResponse {
        var body: [UInt8] = []
        if head.headers["Transfer-Encoding"]?.lowercased().hasSuffix("chunked") == true {
            body = try await readChunks()
        } else {
            let limit = min(head.contentLength ?? .max, Self.refusalLimit)
            while body.count < limit, let more = try await read() { body += more }
            body.removeLast(max(0, body.count - limit))
        }
        close()
        let stream = body
        return HTTPResponse(
            status: head.status, headers: head.headers, majorVersion: head.majorVersion, body: ByteStream(stream))
    }

    private func readChunks() async throws -> [UInt8] {
        var body: [UInt8] = []
        while let line = try await readLine(upTo: 1024, label: link.label) {
            let digits = String(decoding: line, as: UTF8.self).prefix(while: \.isHexDigit)
            guard let count = Int(digits, radix: 16), count > 0, body.count + count <= Self.refusalLimit else { break }
            var chunk: [UInt8] = []
            while chunk.count < count + 2, let more = try await read() { chunk += more }
            let rest = Array(chunk.dropFirst(count + 2))
            body += chunk.prefix(count)
            unread.withLock { $0 = rest + $0 }
        }
        return body
    }

    /// A line with its end, or nil when there is none to come.
    private func readLine(upTo limit: Int, label: RequestLabel) async throws -> [UInt8]? {
        var line: [UInt8] = []
        while let more = try await read() {
            line += more
            if let end = line.firstIndex(of: 0x0A) {
                let rest = Array(line[(end + 1)...])
                unread.withLock { $0 = rest + $0 }
                return Array(line[...end])
            }
            guard line.count <= limit else { throw label.error(.protocolViolation, "a line is too long") }
        }
        return nil
    }
}
