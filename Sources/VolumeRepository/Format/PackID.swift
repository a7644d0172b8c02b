/// The name of a pack: 128 random bits, so that no pack is ever written where another one was.
///
/// A name made of the content would let a writer put the very pack that a prune is about to delete.
public struct PackID: Sendable, Hashable, Comparable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new one.
    static func random() throws -> PackID {
        let bytes = try Sodium.randomBytes(16)
        return bytes.withUnsafeBytes { bytes in
            PackID(
                high: bytes.loadUnaligned(as: UInt64.self),
                low: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    /// An id from 32 lowercase hexadecimal digits; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 32,
            let words = digits.withUnsafeBufferPointer({ digits in
                Hexadecimal.word(digits, at: 0).flatMap { high in Hexadecimal.word(digits, at: 16).map { (high, $0) } }
            })
        else { return nil }
        self.init(high: words.0, low: words.1)
    }

    /// Appends the digits.
    func appendHex(to output: inout [UInt8]) {
        Hexadecimal.append(high, to: &output)
        Hexadecimal.append(low, to: &output)
    }

    /// The 32 lowercase hexadecimal digits.
    public var description: String {
        var digits: [UInt8] = []
        appendHex(to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }

    /// In the order of the digits.
    public static func < (left: PackID, right: PackID) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
