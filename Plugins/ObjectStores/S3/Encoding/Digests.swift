import Crypto
import Foundation

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
