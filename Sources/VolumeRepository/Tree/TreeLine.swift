import GodwitModel

/// The text of a tree's lines.
enum TreeLine {
    /// Appends the line of an entry with these of its extents.
    static func append(_ entry: TreeEntry, extents: ArraySlice<Extent>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        append(bytes: entry.path, key: "\"path", to: &output)
        append(",\"type\":\"", to: &output)
        output.append(contentsOf: entry.kind.rawValue.utf8)
        append("\",\"mode\":\"", to: &output)
        for shift in stride(from: 9, through: 0, by: -3) {
            output.append(UInt8(ascii: "0") + UInt8(entry.mode >> UInt16(shift) & 7))
        }
        append("\",\"user\":", to: &output)
        append(UInt64(entry.user), to: &output)
        append(",\"group\":", to: &output)
        append(UInt64(entry.group), to: &output)
        if entry.size != 0 {
            append(",\"size\":", to: &output)
            append(UInt64(entry.size), to: &output)
        }
        append(",\"modified\":\"", to: &output)
        append(entry.modified, to: &output)
        append("\",\"changed\":\"", to: &output)
        append(entry.changed, to: &output)
        append("\",\"inode\":", to: &output)
        append(entry.inode, to: &output)
        if entry.links != 1 {
            append(",\"links\":", to: &output)
            append(UInt64(entry.links), to: &output)
        }
        appendRareFields(of: entry, to: &output)
        if let id = entry.contentID {
            append(",\"contentID\":\"", to: &output)
            append(id, to: &output)
            output.append(UInt8(ascii: "\""))
        }
        if !extents.isEmpty {
            append(",\"content\":", to: &output)
            append(extents, to: &output)
        }
        append("}\n", to: &output)
    }

    /// Appends a line that goes on with the last file's extents.
    static func append(more extents: ArraySlice<Extent>, to output: inout [UInt8]) {
        append("{\"more\":", to: &output)
        append(extents, to: &output)
        append("}\n", to: &output)
    }

    private static func appendRareFields(of entry: TreeEntry, to output: inout [UInt8]) {
        if let hardLink = entry.hardLink { append(bytes: hardLink, key: ",\"hardLink", to: &output) }
        if !entry.target.isEmpty { append(bytes: entry.target, key: ",\"target", to: &output) }
        if entry.device != (0, 0) {
            append(",\"device\":[", to: &output)
            append(UInt64(entry.device.major), to: &output)
            output.append(UInt8(ascii: ","))
            append(UInt64(entry.device.minor), to: &output)
            output.append(UInt8(ascii: "]"))
        }
        if entry.attributes.isEmpty { return }
        append(",\"attributes\":[", to: &output)
        for (index, attribute) in entry.attributes.enumerated() {
            append(index == 0 ? "{" : ",{", to: &output)
            append(bytes: attribute.name, key: "\"name", to: &output)
            append(",\"value\":\"", to: &output)
            Base64.append(attribute.value, to: &output)
            append("\"}", to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func append(_ extents: ArraySlice<Extent>, to output: inout [UInt8]) {
        var separator = UInt8(ascii: "[")
        for extent in extents {
            output.append(separator)
            separator = UInt8(ascii: ",")
            switch extent {
            case .chunk(let id, let offset, let length):
                append("[\"", to: &output)
                append(id, to: &output)
                append("\",", to: &output)
                append(UInt64(offset), to: &output)
                output.append(UInt8(ascii: ","))
                append(UInt64(length), to: &output)
                output.append(UInt8(ascii: "]"))
            case .hole(let length):
                append("{\"hole\":", to: &output)
                append(UInt64(length), to: &output)
                output.append(UInt8(ascii: "}"))
            }
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func append(_ text: StaticString, to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private static func append(_ number: UInt64, to output: inout [UInt8]) {
        var rest = number
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var start = 20
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            output.append(contentsOf: digits[start..<20])
        }
    }

    /// A time as it stands in a line.
    static func text(of time: TreeEntry.Time) -> [UInt8] {
        var text: [UInt8] = []
        append(time, to: &text)
        return text
    }

    /// A time as a decimal number of seconds, so that half a second before 1970 is -0.5.
    private static func append(_ time: TreeEntry.Time, to output: inout [UInt8]) {
        var fraction = UInt64(time.nanoseconds)
        var seconds = time.seconds.magnitude
        if time.seconds < 0 {
            output.append(UInt8(ascii: "-"))
            if fraction > 0 {
                seconds -= 1
                fraction = 1_000_000_000 - fraction
            }
        }
        append(seconds, to: &output)
        if fraction == 0 { return }
        output.append(UInt8(ascii: "."))
        var unit: UInt64 = 100_000_000
        while unit > 0 {
            output.append(UInt8(ascii: "0") + UInt8(fraction / unit % 10))
            unit /= 10
        }
    }

    private static func append(_ id: ChunkID, to output: inout [UInt8]) {
        let words = id.bigEndianWords
        for word in [words.0, words.1, words.2, words.3] {
            appendHex(of: UInt32(truncatingIfNeeded: word >> 32), to: &output)
            appendHex(of: UInt32(truncatingIfNeeded: word), to: &output)
        }
    }

    /// Eight digits at once: each half of a byte gets a byte of its own, and those become digits without a branch.
    private static func appendHex(of word: UInt32, to output: inout [UInt8]) {
        var spread = UInt64(word)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = ((spread &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        let digits = spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
        withUnsafeBytes(of: digits.bigEndian) { output.append(contentsOf: $0) }
    }

    /// A key and its bytes, as text where they are UTF-8, else under the key with `Base64` at its end.
    ///
    /// - Parameter key: with the quote before it.
    private static func append(bytes: [UInt8], key: StaticString, to output: inout [UInt8]) {
        append(key, to: &output)
        let kind = TextKind(of: bytes)
        if kind == .plain {
            append("\":\"", to: &output)
            output.append(contentsOf: bytes)
        } else if kind == .escaped || String(validating: bytes, as: UTF8.self) != nil {
            append("\":\"", to: &output)
            for byte in bytes { appendEscaped(byte, to: &output) }
        } else {
            append("Base64\":\"", to: &output)
            Base64.append(bytes, to: &output)
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func appendEscaped(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            output.append(UInt8(ascii: "\\"))
            output.append(byte)
        case 0..<0x20:
            let digits: StaticString = "0123456789abcdef"
            append("\\u00", to: &output)
            output.append(digits.utf8Start[Int(byte >> 4)])
            output.append(digits.utf8Start[Int(byte & 15)])
        default: output.append(byte)
        }
    }

    private enum TextKind {
        case plain, escaped, unknown

        init(of bytes: [UInt8]) {
            var (isPlain, isASCII) = (true, true)
            for byte in bytes {
                if byte >= 0x80 { isASCII = false }
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { isPlain = false }
            }
            self = isASCII ? (isPlain ? .plain : .escaped) : .unknown
        }
    }
}
