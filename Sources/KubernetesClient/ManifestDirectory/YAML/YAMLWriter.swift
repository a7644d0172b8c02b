import GodwitModel

/// Writes JSON values as block YAML: sorted keys, lists level with their key as kubectl writes them, literal blocks for
/// text of several lines, quotes around whatever could be taken for something else.
struct YAMLWriter {
    private(set) var output: [UInt8] = []

    mutating func write(document value: JSONValue) {
        switch value {
        case .object(let members) where !members.isEmpty: write(members, indentation: 0)
        case .array(let elements) where !elements.isEmpty: write(elements, indentation: 0)
        default:
            write(scalar: value, indentation: 0)
            output.append(0x0A)
        }
    }

    private mutating func write(_ text: some StringProtocol) { output.append(contentsOf: text.utf8) }

    private mutating func indent(_ columns: Int) { output.append(contentsOf: repeatElement(0x20, count: columns)) }

    /// The first line is indented unless it goes on after a `- `.
    private mutating func write(_ members: [String: JSONValue], indentation: Int, continues: Bool = false) {
        let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (index, (key, value)) in sorted.enumerated() {
            if index > 0 || !continues { indent(indentation) }
            if key.utf8.count > 100 {
                // A long key must be announced.
                write("? ")
                write(string: key, indentation: indentation, mayBeBlock: false)
                output.append(0x0A)
                indent(indentation)
            } else {
                write(string: key, indentation: indentation, mayBeBlock: false)
            }
            output.append(UInt8(ascii: ":"))
            write(member: value, indentation: indentation)
        }
    }

    private mutating func write(member value: JSONValue, indentation: Int) {
        switch value {
        case .object(let members) where !members.isEmpty:
            output.append(0x0A)
            write(members, indentation: indentation + 2)
        case .array(let elements) where !elements.isEmpty:
            output.append(0x0A)
            write(elements, indentation: indentation)
        default:
            output.append(0x20)
            write(scalar: value, indentation: indentation + 2)
            output.append(0x0A)
        }
    }

    private mutating func write(_ elements: [JSONValue], indentation: Int, continues: Bool = false) {
        for (index, element) in elements.enumerated() {
            if index > 0 || !continues { indent(indentation) }
            write("- ")
            switch element {
            case .object(let members) where !members.isEmpty:
                write(members, indentation: indentation + 2, continues: true)
            case .array(let inner) where !inner.isEmpty: write(inner, indentation: indentation + 2, continues: true)
            default:
                write(scalar: element, indentation: indentation + 2)
                output.append(0x0A)
            }
        }
    }

    private mutating func write(scalar value: JSONValue, indentation: Int) {
        switch value {
        case .string(let text): write(string: text, indentation: indentation, mayBeBlock: true)
        case .object: write("{}")
        case .array: write("[]")
        default: output.append(contentsOf: value.serialized())
        }
    }

    private mutating func write(string text: String, indentation: Int, mayBeBlock: Bool) {
        switch YAMLStringStyle(text) {
        case .plain: write(text)
        case .literal where mayBeBlock && indentation > 0: write(literal: text, indentation: indentation)
        default: write(quoted: text)
        }
    }

    private mutating func write(literal text: String, indentation: Int) {
        let bytes = Array(text.utf8)
        let endings = bytes.reversed().prefix { $0 == 0x0A }.count
        write(endings == 0 ? "|-" : endings == 1 ? "|" : "|+")
        // The caller ends the last line.
        for line in bytes.dropLast(endings == 0 ? 0 : 1).split(separator: 0x0A, omittingEmptySubsequences: false) {
            output.append(0x0A)
            guard !line.isEmpty else { continue }
            indent(indentation)
            output.append(contentsOf: line)
        }
    }

    /// JSON's escapes are YAML's too; YAML asks for a few more characters to be escaped.
    private mutating func write(quoted text: String) {
        output.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": write("\\\"")
            case "\\": write("\\\\")
            case "\n": write("\\n")
            case "\t": write("\\t")
            case "\r": write("\\r")
            default:
                if YAMLStringStyle.isPrintable(scalar) {
                    output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                } else if scalar.value > 0xFFFF {
                    let digits = String(scalar.value, radix: 16, uppercase: true)
                    write("\\U" + String(repeating: "0", count: 8 - digits.count) + digits)
                } else {
                    let digits = String(scalar.value, radix: 16, uppercase: true)
                    write("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
                }
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

/// How a string is best written.
enum YAMLStringStyle {
    case plain
    case literal
    case quoted

    init(_ text: String) {
        if Self.isPlain(text) {
            self = .plain
        } else if Self.isLiteral(text) {
            self = .literal
        } else {
            self = .quoted
        }
    }

    /// Text without anything that a YAML reader could give a meaning.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.last != 0x20, text.utf8.last != UInt8(ascii: ":") else {
            return false
        }
        // Three hyphens at the start of a line begin a document and three dots end one, and a hyphen or dot alone means
        // something.
        guard !text.utf8.starts(with: "...".utf8) else { return false }
        let isLetterOrDigit =
            first | 0x20 >= UInt8(ascii: "a") && first | 0x20 <= UInt8(ascii: "z")
            || (0x30...0x39).contains(first)
        guard isLetterOrDigit || first == UInt8(ascii: "/") || first == UInt8(ascii: "_") || first == UInt8(ascii: ".")
        else { return false }
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x30...0x39,
                UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: "$"), UInt8(ascii: "("), UInt8(ascii: ")"),
                UInt8(ascii: ";"), UInt8(ascii: "~"), UInt8(ascii: "^"), UInt8(ascii: "<"), UInt8(ascii: ">"):
                if previous == UInt8(ascii: ":") && byte == 0x20 { return false }
            case UInt8(ascii: ":"): break
            case 0x20: if previous == UInt8(ascii: ":") { return false }
            default: return false
            }
            previous = byte
        }
        return !YAMLScalar.isAmbiguous(text)
    }

    /// Text of several lines that a literal block gives back unchanged.
    private static func isLiteral(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first != " ", first != "\n", first != "\t" else { return false }
        var hasLines = false
        for scalar in text.unicodeScalars {
            if scalar == "\n" {
                hasLines = true
            } else if scalar != "\t", !isPrintable(scalar) {
                return false
            }
        }
        return hasLines
    }

    /// What YAML 1.1 lets stand unescaped, without its other line ends and the byte order mark.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
