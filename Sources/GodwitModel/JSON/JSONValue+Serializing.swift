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
        case .null: Self.append("null", to: &output)
        case .bool(let flag): Self.append(flag ? "true" : "false", to: &output)
        case .integer(let number): Self.append(String(number), to: &output)
        case .number(let literal): Self.append(literal, to: &output)
        case .string(let text): write(text, to: &output)
        case .array(let elements): write(elements, to: &output, level: level)
        case .object(let members): write(members, to: &output, level: level)
        }
    }

    private func write(_ elements: [JSONValue], to output: inout [UInt8], level: Int) {
        output.append(UInt8(ascii: "["))
        for index in elements.indices {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            newLine(to: &output, level: level + 1)
            write(elements[index], to: &output, level: level + 1)
        }
        if !elements.isEmpty { newLine(to: &output, level: level) }
        output.append(UInt8(ascii: "]"))
    }

    private func write(_ members: [String: JSONValue], to output: inout [UInt8], level: Int) {
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            newLine(to: &output, level: level + 1)
            write(key, to: &output)
            output.append(UInt8(ascii: ":"))
            if indentation != nil { output.append(UInt8(ascii: " ")) }
            write(value, to: &output, level: level + 1)
        }
        if !isFirst { newLine(to: &output, level: level) }
        output.append(UInt8(ascii: "}"))
    }

    private func newLine(to output: inout [UInt8], level: Int) {
        guard let indentation else { return }
        output.append(0x0A)
        output.append(contentsOf: repeatElement(0x20, count: indentation * level))
    }

    func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { Self.escape($0, to: &output) }
        if isDone == nil { Array(text.utf8).withUnsafeBufferPointer { Self.escape($0, to: &output) } }
        output.append(UInt8(ascii: "\""))
    }

    private static func append(_ text: String, to output: inout [UInt8]) {
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { output.append(contentsOf: $0) }
        if isDone == nil { output.append(contentsOf: text.utf8) }
    }

    /// Copies runs of ordinary bytes and writes the escapes between them.
    private static func escape(_ bytes: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        var index = 0
        while true {
            let end = JSONBytes.special(in: bytes, from: index)
            output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[index..<end]))
            guard end < bytes.count else { return }
            output.append(UInt8(ascii: "\\"))
            switch bytes[end] {
            case UInt8(ascii: "\""): output.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): output.append(UInt8(ascii: "\\"))
            case 0x0A: output.append(UInt8(ascii: "n"))
            case 0x0D: output.append(UInt8(ascii: "r"))
            case 0x09: output.append(UInt8(ascii: "t"))
            default:
                append("u00", to: &output)
                output.append(hexadecimal(bytes[end] >> 4))
                output.append(hexadecimal(bytes[end] & 15))
            }
            index = end + 1
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
