/// A place in a JSON document (RFC 6901): `/metadata/labels/app`, with `~1` for `/` and `~0` for `~`.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    /// The names and indices on the way, unescaped; none for the whole document.
    public let tokens: [String]

    /// A pointer of unescaped tokens.
    public init(tokens: [String]) { self.tokens = tokens }

    /// Parses the text form.
    ///
    /// - Throws: ``JSONPatchError`` when the text does not begin with `/`, or a `~` is not followed by 0 or 1.
    public init(parsing text: String) throws(JSONPatchError) {
        guard !text.isEmpty else {
            tokens = []
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw JSONPatchError(.malformedPointer, "'\(text)' does not begin with '/'")
        }
        var tokens: [String] = []
        // Bytes, not characters: a combining mark after a slash would hide it from a search for characters.
        for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let token = Self.unescape(part) else {
                throw JSONPatchError(.malformedPointer, "'\(text)' holds a '~' that is neither ~0 nor ~1")
            }
            tokens.append(token)
        }
        self.tokens = tokens
    }

    private static func unescape(_ part: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var iterator = part.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "~") else {
                bytes.append(byte)
                continue
            }
            switch iterator.next() {
            case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text form.
    public var description: String {
        tokens.map { token in
            var text = "/"
            for scalar in token.unicodeScalars {
                switch scalar {
                case "~": text += "~0"
                case "/": text += "~1"
                default: text.unicodeScalars.append(scalar)
                }
            }
            return text
        }.joined()
    }

    /// Whether the other pointer leads to something inside what this one leads to.
    func contains(_ other: JSONPointer) -> Bool {
        other.tokens.count > tokens.count && other.tokens.starts(with: tokens)
    }

    /// The index that a token means in an array: digits without a leading zero; nil for anything else.
    static func index(_ token: String) -> Int? {
        let digits = token.utf8
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard digits.count == 1 || digits.first != 0x30 else { return nil }
        return Int(token)
    }
}
