/// Status and fields of a response.
struct ResponseHead: Sendable {
    var status: Int
    var majorVersion: Int
    var headers = HTTPHeaders()

    /// The length of the body, where it is told.
    var contentLength: Int? {
        guard headers["Transfer-Encoding"] == nil else { return nil }
        return headers["Content-Length"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 }
    }
}

/// Puts a head together from lines, and passes over the heads of interim answers.
///
/// libcurl gives the heads of 1xx answers before the one that counts, and trailers after the body.
struct ResponseHeadParser {
    private var head: ResponseHead?
    private(set) var isComplete = false
    /// Whether nothing that was taken since the last head looks like the beginning of one.
    var isWithoutStatus: Bool { head == nil && !isComplete && !isBetweenHeads }
    private var isBetweenHeads = false
    /// Whether a 101 is the answer that counts.
    var acceptsSwitch = false

    /// Takes a line with or without its line break. Returns the head when this line ended it.
    mutating func take(_ line: UnsafeRawBufferPointer) -> ResponseHead? {
        guard !isComplete else { return nil }
        let line = Self.trimmed(line)
        isBetweenHeads = false
        if line.isEmpty { return finish() }
        if head == nil || line.starts(with: "HTTP/".utf8) {
            if let new = Self.statusLine(line) { head = new }
        } else if line[line.startIndex] == 0x20 || line[line.startIndex] == 0x09 {
            fold(line)
        } else if let colon = line.firstIndex(of: 0x3A) {
            let name = String(decoding: line[..<colon], as: UTF8.self)
            let value = String(decoding: Self.trimmed(line[line.index(after: colon)...]), as: UTF8.self)
            head?.headers.add(name, value)
        }
        return nil
    }

    private mutating func finish() -> ResponseHead? {
        guard let complete = head else { return nil }
        if (100..<200).contains(complete.status), !(acceptsSwitch && complete.status == 101) {
            head = nil
            isBetweenHeads = true
            return nil
        }
        isComplete = true
        return complete
    }

    /// Joins a continuation line to its field.
    private mutating func fold(_ line: Slice<UnsafeRawBufferPointer>) {
        guard let last = head?.headers.fields.last else { return }
        let rest = String(decoding: Self.trimmed(line), as: UTF8.self)
        head?.headers.replaceLastValue(with: last.value.isEmpty ? rest : "\(last.value) \(rest)")
    }

    private static func statusLine(_ line: Slice<UnsafeRawBufferPointer>) -> ResponseHead? {
        let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: true)
        guard parts.count >= 2, parts[0].starts(with: "HTTP/".utf8), parts[1].count == 3,
            let status = Int(String(decoding: parts[1], as: UTF8.self)), status >= 100,
            let major = parts[0].dropFirst(5).first, (0x30...0x39).contains(major)
        else { return nil }
        return ResponseHead(status: status, majorVersion: Int(major - 0x30))
    }

    private static func trimmed(_ line: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        var end = line.endIndex
        while end > line.startIndex, line[end - 1] == 0x0D || line[end - 1] == 0x0A { end -= 1 }
        return line[..<end]
    }

    private static func trimmed(_ text: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var rest = text
        while let first = rest.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
        while let last = rest.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
        return rest
    }
}
