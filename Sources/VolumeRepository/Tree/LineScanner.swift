import GodwitModel
import Glibc

/// Reads the pieces of JSON in one line; strict, and without building anything that is not asked for.
struct LineScanner {
    /// Why a line is refused.
    struct Fault: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }

    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    /// A scanner of a line without its line feed; the bytes must outlive it.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// The next byte; 0, which JSON has nowhere, at the end.
    @inline(__always) var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

    /// Takes a byte if it is the next one.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte, position < bytes.count else { return false }
        position += 1
        return true
    }

    /// Takes a text if it is what comes next.
    mutating func take(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard bytes.count - position >= length, let base = bytes.baseAddress,
            memcmp(base + position, text.utf8Start, length) == 0
        else { return false }
        position += length
        return true
    }

    @inline(__always)
    mutating func expect(_ byte: Unicode.Scalar) throws(Fault) {
        guard take(UInt8(ascii: byte)) else { throw Fault("expected \(byte) at byte \(position)") }
    }

    /// A key of up to 16 bytes with its colon, packed to two words; an unknown, longer one is all ones.
    mutating func key() throws(Fault) -> PackedKey {
        try expect("\"")
        let start = position
        var word: (UInt64, UInt64) = (0, 0)
        while next != UInt8(ascii: "\"") {
            let byte = next
            guard byte >= 0x20, byte != UInt8(ascii: "\\") else { throw Fault("a key has an escape or no end") }
            word.0 = word.0 << 8 | word.1 >> 56
            word.1 = word.1 << 8 | UInt64(byte)
            position += 1
        }
        let length = position - start
        position += 1
        try expect(":")
        return length <= 16 ? PackedKey(high: word.0, low: word.1) : .unknown
    }

    /// A whole number.
    mutating func unsigned() throws(Fault) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        while true {
            let digit = next &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { throw Fault("a number is too large") }
            value = sum
            position += 1
        }
        guard position > start, position == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            throw Fault("expected a whole number at byte \(start)")
        }
        return value
    }

    /// A whole number that fits a type.
    mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(Fault) -> Number {
        guard let number = Number(exactly: try unsigned()) else { throw Fault("a number is out of range") }
        return number
    }

    /// A string as the bytes that it stands for, in UTF-8.
    mutating func string() throws(Fault) -> [UInt8] {
        try expect("\"")
        let start = position
        var seen: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let piece = Array(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
                if seen >= 0x80, String(validating: piece, as: UTF8.self) == nil {
                    throw Fault("a string is not UTF-8")
                }
                position += 1
                return piece
            }
            if byte == UInt8(ascii: "\\") {
                position = start
                return try escapedString()
            }
            guard byte >= 0x20 else { throw Fault("a string holds a control character") }
            seen |= byte
            position += 1
        }
        throw Fault("a string has no end")
    }

    /// A string of base64 as bytes.
    mutating func base64() throws(Fault) -> [UInt8] {
        guard let bytes = Base64.decode(try string()) else { throw Fault("a value is not base64") }
        return bytes
    }

    /// An id in quotes.
    mutating func chunkID() throws(Fault) -> ChunkID {
        guard bytes.count - position >= 66, bytes[position] == UInt8(ascii: "\""),
            bytes[position + 65] == UInt8(ascii: "\"")
        else { throw Fault("expected the id of a chunk at byte \(position)") }
        var valid = true
        let start = position + 1
        let a = hexWord(at: start, &valid)
        let b = hexWord(at: start + 16, &valid)
        let c = hexWord(at: start + 32, &valid)
        let d = hexWord(at: start + 48, &valid)
        guard valid else { throw Fault("expected the id of a chunk at byte \(position)") }
        position += 66
        return ChunkID(words: (a, b, c, d))
    }

    private func hexWord(at index: Int, _ valid: inout Bool) -> UInt64 {
        UInt64(hexHalf(at: index, &valid)) << 32 | UInt64(hexHalf(at: index + 8, &valid))
    }

    /// Eight digits at once, without a branch; the digits are made again from the value to see that they were some.
    private func hexHalf(at index: Int, _ valid: inout Bool) -> UInt32 {
        let text = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        let isLetter = text >> 6 & 0x0101_0101_0101_0101
        var value = (text & 0x0F0F_0F0F_0F0F_0F0F) &+ isLetter &* 9
        let letters = (value &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        if value & 0xF0F0_F0F0_F0F0_F0F0 != 0 || value &+ 0x3030_3030_3030_3030 &+ letters &* 0x27 != text {
            valid = false
        }
        value = (value | value >> 4) & 0x00FF_00FF_00FF_00FF
        value = (value | value >> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: value | value >> 16)
    }

    /// A time: a decimal number of seconds in quotes, with up to nine digits after the point.
    mutating func time() throws(Fault) -> TreeEntry.Time {
        try expect("\"")
        let isNegative = take(UInt8(ascii: "-"))
        guard var seconds = Int64(exactly: try unsigned()) else { throw Fault("a time is out of range") }
        var nanoseconds: Int32 = 0
        if take(UInt8(ascii: ".")) {
            var unit: Int32 = 100_000_000
            while case let digit = next &- UInt8(ascii: "0"), digit < 10 {
                guard unit > 0 else { throw Fault("a time has too many digits") }
                nanoseconds += Int32(digit) * unit
                unit /= 10
                position += 1
            }
        }
        try expect("\"")
        if isNegative {
            seconds = -seconds
            if nanoseconds > 0 {
                seconds -= 1
                nanoseconds = 1_000_000_000 - nanoseconds
            }
        }
        return TreeEntry.Time(seconds: seconds, nanoseconds: nanoseconds)
    }
}

/// A key's bytes as two words, which compare faster than text.
struct PackedKey: Equatable {
    let high: UInt64
    let low: UInt64

    static let unknown = PackedKey(high: .max, low: .max)

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    // What `switch` and the library would do by themselves goes through a table of functions, which took a fifth of the
    // time of reading a tree.
    @inline(__always)
    static func == (left: PackedKey, right: PackedKey) -> Bool { left.low == right.low && left.high == right.high }

    @inline(__always)
    static func ~= (pattern: PackedKey, key: PackedKey) -> Bool { pattern == key }
}
