package import Crypto
import Foundation

/// SHA-256 in hex.
package enum SHA256Hash {
    /// That of no bytes.
    package static let ofNothing = hex([])

    /// That of bytes.
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

/// Base64 of a digest.
package func base64(_ bytes: some Sequence<UInt8>) -> String { Data(bytes).base64EncodedString() }

extension Insecure.MD5 {
    /// The digest of bytes in base64, as `Content-MD5` has it.
    package static func base64(of bytes: [UInt8]) -> String { CloudStorage.base64(hash(data: bytes)) }
}
