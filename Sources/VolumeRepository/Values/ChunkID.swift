/// The name of a chunk: the BLAKE2b-256 hash of its content, keyed where the repository is encrypted.
///
/// Equal content has an equal id, so what is stored once is not stored again; and what comes back is checked against it.
public struct ChunkID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The bytes of an id.
    public static let byteCount = 32

    // Four words compare and hash faster than an array, and need no allocation.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// An id from the 32 bytes of a hash; nil for any other number of bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words = [UInt64](repeating: 0, count: 4)
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// An id from its four big-endian words.
    init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// An id from 64 lowercase hexadecimal digits; nil for anything else.
    public init?(hex: some Collection<UInt8>) {
        guard hex.count == 2 * Self.byteCount else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (index, digit) in hex.enumerated() {
            let value: UInt64
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = UInt64(digit - UInt8(ascii: "a")) + 10
            default: return nil
            }
            switch index / 16 {
            case 0: words.0 = words.0 << 4 | value
            case 1: words.1 = words.1 << 4 | value
            case 2: words.2 = words.2 << 4 | value
            default: words.3 = words.3 << 4 | value
            }
        }
        self.words = words
    }

    /// An id from its text; nil when it is none.
    public init?(_ text: String) { self.init(hex: text.utf8) }

    /// The four big-endian words.
    var bigEndianWords: (UInt64, UInt64, UInt64, UInt64) { words }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return bytes
    }

    /// The 64 lowercase hexadecimal digits, as ASCII.
    public var hex: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var hex: [UInt8] = []
        hex.reserveCapacity(2 * Self.byteCount)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 60, through: 0, by: -4) { hex.append(digits[Int(word >> UInt64(shift) & 15)]) }
        }
        return hex
    }

    /// The 64 lowercase hexadecimal digits.
    public var description: String { String(decoding: hex, as: UTF8.self) }

    /// The same bytes.
    public static func == (left: ChunkID, right: ChunkID) -> Bool { left.words == right.words }

    /// In the order of the bytes.
    public static func < (left: ChunkID, right: ChunkID) -> Bool { left.words < right.words }

    /// A hash is its own best hash.
    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
