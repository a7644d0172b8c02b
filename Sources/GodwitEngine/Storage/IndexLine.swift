import GodwitModel
import Tarball

/// The lines of a backup's index: one JSON object an item, members in this order:
/// `resource, namespace, name, apiVersion, kind, uid, frame, offset, length, sha256`. See docs/formats.md.
enum IndexLine {
    /// Adds the line of an entry, line end included.
    static func append(_ entry: IndexEntry, to output: inout [UInt8]) {
        output.append(contentsOf: #"{"resource":"#.utf8)
        string(entry.identity.resource.description, to: &output)
        if let namespace = entry.identity.namespace {
            output.append(contentsOf: #","namespace":"#.utf8)
            string(namespace, to: &output)
        }
        output.append(contentsOf: #","name":"#.utf8)
        string(entry.identity.name, to: &output)
        output.append(contentsOf: #","apiVersion":"#.utf8)
        string(entry.apiVersion, to: &output)
        output.append(contentsOf: #","kind":"#.utf8)
        string(entry.kind, to: &output)
        if !entry.uid.isEmpty {
            output.append(contentsOf: #","uid":"#.utf8)
            string(entry.uid, to: &output)
        }
        output.append(contentsOf: #","frame":"#.utf8)
        output.append(contentsOf: String(entry.location.frame).utf8)
        output.append(contentsOf: #","offset":"#.utf8)
        output.append(contentsOf: String(entry.location.offset).utf8)
        output.append(contentsOf: #","length":"#.utf8)
        output.append(contentsOf: String(entry.location.length).utf8)
        if !entry.sha256.isEmpty {
            output.append(contentsOf: #","sha256":""#.utf8)
            Hexadecimal.append(entry.sha256, to: &output)
            output.append(UInt8(ascii: "\""))
        }
        output.append(contentsOf: "}\n".utf8)
    }

    /// Names of Kubernetes hold nothing that JSON escapes; anything else takes the long way.
    private static func string(_ text: String, to output: inout [UInt8]) {
        let start = output.count
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else {
                output.removeSubrange(start...)
                output.append(contentsOf: JSONValue.literal(text))
                return
            }
            output.append(byte)
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Reads one line, without its end; nil when it is not an entry.
    static func parse(_ line: UnsafeBufferPointer<UInt8>) -> IndexEntry? {
        var reader = FlatObjectReader(line)
        if let fields = reader.fields(), let entry = entry(fields) { return entry }
        guard let value = try? JSONValue(parsing: Array(line)), let members = value.object else { return nil }
        return entry(
            members.compactMapValues { value in
                switch value {
                case .string(let text): .text(text)
                case .integer(let number): .number(number)
                default: nil
                }
            })
    }

    enum Field {
        case text(String)
        case number(Int64)
    }

    private static func entry(_ fields: [String: Field]) -> IndexEntry? {
        func text(_ key: String) -> String? {
            if case .text(let text)? = fields[key] { text } else { nil }
        }
        func number(_ key: String) -> Int64? {
            if case .number(let number)? = fields[key], number >= 0 { number } else { nil }
        }
        guard let resource = text("resource"), !resource.isEmpty, let name = text("name"), !name.isEmpty,
            let apiVersion = text("apiVersion"), let kind = text("kind"), let frame = number("frame"),
            let offset = number("offset"), let length = number("length"),
            let sha256 = Hexadecimal.bytes((text("sha256") ?? "").utf8), sha256.isEmpty || sha256.count == 32
        else { return nil }
        return IndexEntry(
            identity: ItemIdentity(
                resource: GroupResource(parsing: resource), namespace: text("namespace"), name: name),
            apiVersion: apiVersion, kind: kind, uid: text("uid") ?? "",
            location: ContentLocation(frame: frame, offset: offset, length: length), sha256: sha256)
    }
}

/// Reads the lines that ``IndexLine`` writes without building a tree: an object of strings without escapes and of
/// integers, without white space. Anything else gives nil.
private struct FlatObjectReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func fields() -> [String: IndexLine.Field]? {
        guard take(UInt8(ascii: "{")) else { return nil }
        var fields: [String: IndexLine.Field] = [:]
        fields.reserveCapacity(12)
        repeat {
            guard take(UInt8(ascii: "\"")), let key = string(), take(UInt8(ascii: ":")) else { return nil }
            if take(UInt8(ascii: "\"")) {
                guard let text = string() else { return nil }
                fields[key] = .text(text)
            } else {
                guard let number = integer() else { return nil }
                fields[key] = .number(number)
            }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) && position == bytes.count ? fields : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func string() -> String? {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\\"), 0..<0x20: return nil
            case UInt8(ascii: "\""):
                let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
                position += 1
                return text
            default: position += 1
            }
        }
        return nil
    }

    private mutating func integer() -> Int64? {
        let start = position
        var value: Int64 = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            guard position - start < 18 else { return nil }
            value = value * 10 + Int64(bytes[position] - 0x30)
            position += 1
        }
        return position > start ? value : nil
    }
}

/// Cuts text that arrives in pieces into index entries.
struct IndexDecoder: Sendable {
    /// A longer line is not an entry.
    static let lineLimit = 64 * 1024

    private var rest: [UInt8] = []
    private(set) var lines = 0

    /// The entries that are complete with this piece.
    mutating func entries(_ piece: [UInt8]) throws(IndexFault) -> [IndexEntry] {
        var entries: [IndexEntry] = []
        let bytes = rest.isEmpty ? piece : rest + piece
        var start = 0
        let fault: IndexFault? = bytes.withUnsafeBufferPointer { buffer in
            while let end = buffer[start...].firstIndex(of: 0x0A) {
                lines += 1
                guard let entry = IndexLine.parse(UnsafeBufferPointer(rebasing: buffer[start..<end])) else {
                    return IndexFault(line: lines)
                }
                entries.append(entry)
                start = end + 1
            }
            return nil
        }
        if let fault { throw fault }
        guard bytes.count - start <= Self.lineLimit else { throw IndexFault(line: lines + 1) }
        rest = Array(bytes[start...])
        return entries
    }

    /// Fails when the text ended within a line.
    func finish() throws(IndexFault) {
        guard rest.isEmpty else { throw IndexFault(line: lines + 1) }
    }
}

/// A line of an index that is not an entry.
struct IndexFault: Error {
    let line: Int
}
