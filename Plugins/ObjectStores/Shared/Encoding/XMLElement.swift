/// An element of a small XML document: what object stores and token services answer with.
///
/// Only what those answers hold is read: elements, text, the five named entities, character references, CDATA.
/// Comments and all attributes but one are passed over. A document type declaration is refused, so no entity can be declared.
package struct XMLElement: Sendable {
    /// The name without its namespace prefix.
    package let name: String
    /// The text between its tags.
    package var text = ""
    /// The elements inside.
    package var children: [XMLElement] = []
    /// Whether its start tag says `Encoded="true"`, as Azure marks a name that is percent-encoded.
    package var isEncoded = false

    /// The first child of a name.
    package subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The text of the first child of a name.
    package func text(_ name: String) -> String? { self[name]?.text }

    /// All children of a name.
    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// The first element of a name, this one or one anywhere below.
    package func first(_ name: String) -> XMLElement? {
        if self.name == name { return self }
        for child in children {
            if let found = child.first(name) { return found }
        }
        return nil
    }

    /// Reads a document; nil when it is not well-formed.
    package static func parse(_ bytes: [UInt8]) -> XMLElement? {
        var parser = XMLParser(bytes: bytes)
        return parser.document()
    }

    /// Text as it stands between tags. Control characters other than tab and newline cannot stand in XML 1.0.
    package static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            // A parser would turn these into spaces or newlines.
            case "\r", "\n", "\t": escaped += "&#\(scalar.value);"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

private struct XMLParser {
    /// Nesting beyond this is refused; no answer comes near it.
    private static let depthLimit = 32

    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() -> XMLElement? {
        guard skipMisc(), let root = element(depth: 0), skipMisc(), position == bytes.count else { return nil }
        return root
    }

    /// Skips white space, comments and processing instructions; false when one does not end.
    private mutating func skipMisc() -> Bool {
        if starts("\u{FEFF}") { position += 3 }
        while position < bytes.count {
            if isSpace(bytes[position]) {
                position += 1
            } else if starts("<?") {
                guard skip(past: "?>") else { return false }
            } else if starts("<!--") {
                guard skip(past: "-->") else { return false }
            } else {
                return true
            }
        }
        return true
    }

    private mutating func element(depth: Int) -> XMLElement? {
        guard depth < Self.depthLimit, take("<"), let name = name() else { return nil }
        let start = position
        guard let isEmpty = skipAttributes() else { return nil }
        var element = XMLElement(name: name)
        element.isEncoded = String(decoding: bytes[start..<position], as: UTF8.self).contains(" Encoded=\"true\"")
        if isEmpty { return element }
        var text: [UInt8] = []
        while position < bytes.count {
            if starts("</") {
                position += 2
                guard self.name() == name else { return nil }
                skipSpace()
                guard take(">") else { return nil }
                element.text = String(decoding: text, as: UTF8.self)
                return element
            } else if starts("<!--") {
                guard skip(past: "-->") else { return nil }
            } else if starts("<![CDATA[") {
                let start = position + 9
                guard skip(past: "]]>") else { return nil }
                text += bytes[start..<(position - 3)]
            } else if starts("<?") {
                guard skip(past: "?>") else { return nil }
            } else if bytes[position] == UInt8(ascii: "<") {
                guard let child = self.element(depth: depth + 1) else { return nil }
                element.children.append(child)
            } else if bytes[position] == UInt8(ascii: "&") {
                guard let character = reference() else { return nil }
                text += character
            } else {
                text.append(bytes[position])
                position += 1
            }
        }
        return nil
    }

    /// A name without its namespace prefix.
    private mutating func name() -> String? {
        let start = position
        while position < bytes.count, !isSpace(bytes[position]), ![0x3E, 0x2F, 0x3C, 0x3D].contains(bytes[position]) {
            position += 1
        }
        guard position > start, bytes[start] != UInt8(ascii: "!") else { return nil }
        let full = bytes[start..<position]
        let local = full.lastIndex(of: UInt8(ascii: ":")).map { full[($0 + 1)...] } ?? full
        return String(decoding: local, as: UTF8.self)
    }

    /// Skips to the end of a start tag; true when the element is empty, nil when the tag does not end.
    private mutating func skipAttributes() -> Bool? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: ">"):
                position += 1
                return false
            case UInt8(ascii: "/"):
                position += 1
                return take(">") ? true : nil
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                let quote = bytes[position]
                guard let end = bytes[(position + 1)...].firstIndex(of: quote) else { return nil }
                position = end + 1
            default: position += 1
            }
        }
        return nil
    }

    private mutating func reference() -> [UInt8]? {
        guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let name = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
        position = end + 1
        switch name {
        case "amp": return Array("&".utf8)
        case "lt": return Array("<".utf8)
        case "gt": return Array(">".utf8)
        case "quot": return Array("\"".utf8)
        case "apos": return Array("'".utf8)
        default:
            let value: UInt32? =
                if name.hasPrefix("#x") {
                    UInt32(name.dropFirst(2), radix: 16)
                } else if name.hasPrefix("#") {
                    UInt32(name.dropFirst())
                } else {
                    nil
                }
            return value.flatMap(Unicode.Scalar.init).map { Array(String($0).utf8) }
        }
    }

    private func starts(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        return UnsafeBufferPointer(start: text.utf8Start, count: count).elementsEqual(
            bytes[position..<(position + count)])
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard starts(text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    private mutating func skip(past text: StaticString) -> Bool {
        while position < bytes.count {
            if take(text) { return true }
            position += 1
        }
        return false
    }

    private mutating func skipSpace() {
        while position < bytes.count, isSpace(bytes[position]) { position += 1 }
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}
