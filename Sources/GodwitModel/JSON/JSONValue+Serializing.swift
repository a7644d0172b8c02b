extension JSONValue {
    /// The value as compact JSON with sorted members. Equal values have equal bytes.
    public func serialized() -> [UInt8] {
        var output: [UInt8] = []
        JSONWriter(indentation: nil).write(self, to: &output, level: 0)
        return output
    }

    /// The value as JSON for people: two spaces a level, members sorted, no line end after the last line.
    public func prettyPrinted() -> String {
        var output: [UInt8] = []
        JSONWriter(indentation: 2).write(self, to: &output, level: 0)
        return String(decoding: output, as: UTF8.self)
    }

    /// A string as a JSON literal, quotes included.
    public static func literal(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        JSONWriter(indentation: nil).write(text, to: &output)
        return output
    }
}

private struct JSONWriter {
    let indentation: Int?

    func write(_ value: JSONValue, to output: inout [UInt8], level: Int) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let flag): output.append(contentsOf: (flag ? "true" : "false").utf8)
        case .integer(let number): output.append(contentsOf: String(number).utf8)
        case .number(let literal): output.append(contentsOf: literal.utf8)
        case .string(let text): write(text, to: &output)
        case .array(let elements):
            list(elements, "[", "]", to: &output, level: level) { element, output in
                write(element, to: &output, level: level + 1)
            }
        case .object(let members):
            list(members.sorted { $0.key < $1.key }, "{", "}", to: &output, level: level) { member, output in
                write(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                if indentation != nil { output.append(UInt8(ascii: " ")) }
                write(member.value, to: &output, level: level + 1)
            }
        }
    }

    private func list<Element>(
        _ elements: [Element], _ open: Unicode.Scalar, _ close: Unicode.Scalar, to output: inout [UInt8], level: Int,
        _ body: (Element, inout [UInt8]) -> Void
    ) {
        output.append(UInt8(ascii: open))
        for (index, element) in elements.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            newLine(to: &output, level: level + 1)
            body(element, &output)
        }
        if !elements.isEmpty { newLine(to: &output, level: level) }
        output.append(UInt8(ascii: close))
    }

    private func newLine(to output: inout [UInt8], level: Int) {
        guard let indentation else { return }
        output.append(0x0A)
        output.append(contentsOf: repeatElement(0x20, count: indentation * level))
    }

    func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output.append(contentsOf: #"\""#.utf8)
            case UInt8(ascii: "\\"): output.append(contentsOf: #"\\"#.utf8)
            case 0x0A: output.append(contentsOf: #"\n"#.utf8)
            case 0x0D: output.append(contentsOf: #"\r"#.utf8)
            case 0x09: output.append(contentsOf: #"\t"#.utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                output.append(contentsOf: #"\u00"#.utf8)
                output.append(digits[Int(byte >> 4)])
                output.append(digits[Int(byte & 15)])
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
