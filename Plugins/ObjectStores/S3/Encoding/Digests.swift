import Crypto
import Foundation

/// SHA-256 in hex.
enum SHA256Hash {
    /// That of no bytes.
    static let ofNothing = hex([])

    static func hex(_ bytes: [UInt8]) -> String { lowercaseHex(SHA256.hash(data: bytes)) }
}

/// Lower-case hex.
func lowercaseHex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// Base64 of a digest.
func base64(_ bytes: some Sequence<UInt8>) -> String { Data(bytes).base64EncodedString() }

extension S3Configuration.Checksum {
    /// The header that carries the checksum, and the name of the algorithm in XML and headers; nil for none.
    var names: (header: String, algorithm: String, element: String)? {
        switch self {
        case .none: nil
        case .crc32c: ("x-amz-checksum-crc32c", "CRC32C", "ChecksumCRC32C")
        case .sha256: ("x-amz-checksum-sha256", "SHA256", "ChecksumSHA256")
        }
    }

    /// The checksum of bytes in base64.
    func value(of bytes: [UInt8]) -> String? {
        switch self {
        case .none: nil
        case .crc32c: withUnsafeBytes(of: CRC32C.checksum(bytes).bigEndian) { base64($0) }
        case .sha256: base64(SHA256.hash(data: bytes))
        }
    }
}
