/// The header of an entry in a pack: ustar (POSIX.1-1988), a regular file with a short name.
///
/// Packs are written and read here and not with libarchive because a chunk's place in its pack must be known exactly,
/// and because a damaged pack is searched for headers at any block.
enum TarHeader {
    /// The size of a block, and of a header.
    static let block = 512
    /// Two blocks of zeros.
    static let end = 2 * block

    /// Appends a header. Times, owners and modes are the same in every pack.
    ///
    /// - Parameter name: ASCII, at most 100 bytes.
    static func append(name: some Sequence<UInt8>, size: Int, to output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: name)
        pad(&output, to: start + 100)
        text("0000600\0", &output)
        text("0000000\0", &output)
        text("0000000\0", &output)
        octal(size, &output)
        octal(0, &output)
        let checksum = output.count
        text("        0", &output)
        pad(&output, to: start + 257)
        text("ustar\u{0}00", &output)
        pad(&output, to: start + 329)
        text("0000000\0", &output)
        text("0000000\0", &output)
        pad(&output, to: start + block)
        var sum = 0
        for index in start..<(start + block) { sum += Int(output[index]) }
        for digit in 0..<6 { output[checksum + digit] = UInt8(ascii: "0") + UInt8(sum >> (3 * (5 - digit)) & 7) }
        output[checksum + 6] = 0
    }

    /// Fills the last block of an entry's content with zeros.
    static func padContent(of size: Int, in output: inout [UInt8]) {
        pad(&output, to: output.count + padding(after: size))
    }

    /// The zeros behind content of a size.
    static func padding(after size: Int) -> Int { (block - size % block) % block }

    /// The name and size that a block says as a header; nil when it is none of a pack's.
    static func parse(_ header: UnsafeRawBufferPointer) -> (name: [UInt8], size: Int)? {
        guard header.count == block, header[156] == UInt8(ascii: "0"),
            header[257..<263].elementsEqual("ustar\0".utf8), let checksum = number(header[148..<156]),
            let size = number(header[124..<136])
        else { return nil }
        var sum = 0
        for (index, byte) in header.enumerated() { sum += (148..<156).contains(index) ? 32 : Int(byte) }
        guard sum == checksum else { return nil }
        return (Array(header.prefix(100).prefix { $0 != 0 }), size)
    }

    private static func text(_ text: StaticString, _ output: inout [UInt8]) {
        text.withUTF8Buffer { output.append(contentsOf: $0) }
    }

    private static func pad(_ output: inout [UInt8], to count: Int) {
        output.append(contentsOf: repeatElement(0, count: max(0, count - output.count)))
    }

    /// Eleven octal digits and a zero.
    private static func octal(_ number: Int, _ output: inout [UInt8]) {
        for digit in (0..<11).reversed() { output.append(UInt8(ascii: "0") + UInt8(number >> (3 * digit) & 7)) }
        output.append(0)
    }

    /// Octal digits up to a zero or a space.
    private static func number(_ field: some Sequence<UInt8>) -> Int? {
        var number = 0
        var digits = 0
        for byte in field {
            if byte == 0 || byte == 32 { break }
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else { return nil }
            number = number << 3 | Int(byte - UInt8(ascii: "0"))
            digits += 1
        }
        return digits > 0 ? number : nil
    }
}
