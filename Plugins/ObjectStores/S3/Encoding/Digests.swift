import CloudStorage
import Crypto
import HTTPTransport

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

extension S3Configuration {
    /// What holds a whole object against the checksum that the store keeps of it; nil where it keeps none. That of an
    /// upload in parts may be one of the parts' checksums, which says nothing of the bytes as they come; such an object's
    /// etag ends with the number of parts.
    func verifier(of headers: HTTPHeaders) -> BodyVerifier? {
        let isOfParts = headers["ETag"]?.contains("-") ?? true
        guard headers["x-amz-checksum-type"] == "FULL_OBJECT" || !isOfParts else { return nil }
        if let value = headers["x-amz-checksum-crc32c"], !value.contains("-") { return BodyVerifier(.crc32c(value)) }
        if let value = headers["x-amz-checksum-sha256"], !value.contains("-") { return BodyVerifier(.sha256(value)) }
        return nil
    }
}
