import Crypto
import Foundation

/// SHA-256 in hex.
package enum SHA256Hash {
    /// That of no bytes.
    package static let ofNothing = hex([])

    /// The hash of bytes in lower-case hex.
    package static func hex(_ bytes: [UInt8]) -> String { lowercaseHex(SHA256.hash(data: bytes)) }
}

/// Lower-case hex.
package func lowercaseHex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
