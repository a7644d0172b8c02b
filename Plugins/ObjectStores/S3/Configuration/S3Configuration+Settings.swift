import AWS
import Foundation
import HTTPTransport

extension S3Configuration {
    /// Reads settings by name: those of a location's URL (`path-style`), or Velero's (`s3ForcePathStyle`).
    ///
    /// | here | Velero's AWS plugin | value |
    /// |---|---|---|
    /// | `region` | `region` | as AWS names it |
    /// | `endpoint` | `s3Url` | `https://host:port` |
    /// | `public-url` | `publicUrl` | the same, for signed URLs |
    /// | `path-style` | `s3ForcePathStyle` | `true`, `false` |
    /// | `ca-file`, `ca-data` | `caCert` | a file; PEM text, or base64 of it |
    /// | `insecure` | `insecureSkipTLSVerify` | `true`, `false` |
    /// | `sse` | `serverSideEncryption` | `none`, `AES256`, `aws:kms` |
    /// | `kms-key-id` | `kmsKeyId` | implies `aws:kms` |
    /// | `sse-c-key-file` | `customerKeyEncryptionFile` | 32 bytes, or base64 of them; the first must be mode 0600 |
    /// | `storage-class` | | `STANDARD_IA` |
    /// | `tagging` | `tagging` | `team=a&cost=b` |
    /// | `checksum` | `checksumAlgorithm` | `none` or empty, `crc32c`, `sha256`; `CRC32` is taken as the first, `SHA1` as the second |
    /// | `part-size` | | bytes, or with `MiB`: 5 MiB to 5 GiB |
    /// | `concurrency` | | 1 to 64 |
    /// | `profile` | `profile` | of the shared files |
    /// | `credentials-file` | `credentialsFile` | a file |
    /// | `conditional-put` | | `true`, `false` |
    /// | `object-lock` | | `governance`, `compliance` |
    ///
    /// - Throws: ``S3ConfigurationError``, also for a name that is none of these.
    public init(bucket: String, settings: [String: String]) throws(S3ConfigurationError) {
        self.init(bucket: bucket)
        guard !bucket.isEmpty, !bucket.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "/") }) else {
            throw S3ConfigurationError(key: "bucket", reason: "'\(bucket)' is not a bucket's name")
        }
        // In order of their names, so that of two faults always the same one is reported.
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            try set(key, value)
        }
        if let keyID = settings["kms-key-id"] ?? settings["kmsKeyId"], !keyID.isEmpty {
            switch encryption {
            case .kms, .bucketDefault: encryption = .kms(keyID: keyID)
            default: throw S3ConfigurationError(key: "kms-key-id", reason: "it needs sse=aws:kms")
            }
        }
        if case .customerKey = encryption, let endpoint, !endpoint.isTLS, !endpoint.isLoopback {
            throw S3ConfigurationError(
                key: "sse-c-key-file",
                reason: "the key would cross the network in the clear to \(endpoint.text); use https")
        }
    }

    private mutating func set(_ key: String, _ value: String) throws(S3ConfigurationError) {
        switch key {
        case "region": region = value.isEmpty ? region : value
        case "endpoint", "s3Url": endpoint = try Self.endpoint(key, value)
        case "public-url", "publicUrl": publicEndpoint = try Self.endpoint(key, value)
        case "path-style", "s3ForcePathStyle": pathStyle = try Self.flag(key, value)
        case "ca-file": tls.certificateAuthority = value.isEmpty ? nil : .file(value)
        case "ca-data", "caCert": tls.certificateAuthority = try Self.certificates(key, value)
        case "insecure", "insecureSkipTLSVerify": tls.isInsecure = try Self.flag(key, value)
        case "profile": profile = value.isEmpty ? nil : value
        case "credentials-file", "credentialsFile": credentialsFile = value.isEmpty ? nil : value
        case "signatureVersion":
            guard value == "4" else { throw S3ConfigurationError(key: key, reason: "only version 4 is supported") }
        // The shared files are always read.
        case "enableSharedConfig": _ = try Self.flag(key, value)
        default: try setStorage(key, value)
        }
    }

    private mutating func setStorage(_ key: String, _ value: String) throws(S3ConfigurationError) {
        switch key {
        case "sse", "serverSideEncryption": try setEncryption(key, value)
        // Taken up after all others: it goes together with `sse`.
        case "kms-key-id", "kmsKeyId": break
        case "sse-c-key-file": try setCustomerKey(key, value, mustBePrivate: true)
        // Velero mounts this from a Secret, whose files are readable by others inside the container.
        case "customerKeyEncryptionFile": try setCustomerKey(key, value, mustBePrivate: false)
        case "storage-class": storageClass = value.isEmpty ? nil : value
        case "tagging": tagging = value.isEmpty ? nil : value
        case "checksum", "checksumAlgorithm": checksum = try Self.checksum(key, value)
        case "part-size": partSize = try Self.partSize(key, value)
        case "concurrency": concurrency = try Self.number(key, value, in: 1...64)
        case "conditional-put": conditionalPut = try Self.flag(key, value)
        case "object-lock":
            guard let mode = ObjectLockMode(rawValue: value.uppercased()) else {
                throw S3ConfigurationError(key: key, reason: "'\(value)' is neither governance nor compliance")
            }
            objectLock = mode
        default: throw S3ConfigurationError(key: key, reason: "there is no such setting")
        }
    }

    private mutating func setEncryption(_ key: String, _ value: String) throws(S3ConfigurationError) {
        let wanted: ServerSideEncryption
        switch value {
        case "", "none": return
        case "AES256": wanted = .aes256
        case "aws:kms": wanted = .kms(keyID: nil)
        default:
            throw S3ConfigurationError(key: key, reason: "'\(value)' is none of none, AES256 and aws:kms")
        }
        guard encryption == .bucketDefault else {
            throw S3ConfigurationError(key: key, reason: "it cannot be set beside a customer's key")
        }
        encryption = wanted
    }

    private mutating func setCustomerKey(
        _ key: String, _ path: String, mustBePrivate: Bool
    ) throws(S3ConfigurationError) {
        guard !path.isEmpty else { return }
        guard encryption == .bucketDefault else {
            throw S3ConfigurationError(key: key, reason: "a customer's key cannot be set beside sse")
        }
        if mustBePrivate {
            let mode = (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
            guard let mode, mode & 0o077 == 0 else {
                throw S3ConfigurationError(
                    key: key, reason: "'\(path)' must exist and be readable by its owner only (chmod 600)")
            }
        }
        guard let content = FileManager.default.contents(atPath: path), content.count <= 256 else {
            throw S3ConfigurationError(key: key, reason: "'\(path)' cannot be read")
        }
        let text = String(decoding: content, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let bytes = content.count == 32 ? content : Data(base64Encoded: text), bytes.count == 32 else {
            throw S3ConfigurationError(key: key, reason: "'\(path)' holds neither 32 bytes nor base64 of 32 bytes")
        }
        encryption = .customerKey(SecretBytes(Array(bytes)))
    }
}

extension S3Configuration {
    private static func endpoint(_ key: String, _ value: String) throws(S3ConfigurationError) -> S3Endpoint? {
        guard !value.isEmpty else { return nil }
        guard let endpoint = S3Endpoint(value) else {
            throw S3ConfigurationError(key: key, reason: "'\(value)' is not like https://host:port")
        }
        return endpoint
    }

    private static func flag(_ key: String, _ value: String) throws(S3ConfigurationError) -> Bool {
        switch value.lowercased() {
        case "true", "1", "yes": return true
        case "false", "0", "no", "": return false
        default: throw S3ConfigurationError(key: key, reason: "'\(value)' is neither true nor false")
        }
    }

    private static func number(
        _ key: String, _ value: String, in range: ClosedRange<Int>
    ) throws(S3ConfigurationError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw S3ConfigurationError(
                key: key, reason: "'\(value)' is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func partSize(_ key: String, _ value: String) throws(S3ConfigurationError) -> Int {
        let units = ["KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
        for (unit, factor) in units where value.hasSuffix(unit) {
            let range = (max(1, (5 << 20) / factor))...((5 << 30) / factor)
            return try number(key, String(value.dropLast(3)), in: range) * factor
        }
        return try number(key, value, in: (5 << 20)...(5 << 30))
    }

    private static func checksum(_ key: String, _ value: String) throws(S3ConfigurationError) -> Checksum {
        switch value.lowercased() {
        case "", "none": return .none
        case "crc32c", "crc32": return .crc32c
        case "sha256", "sha1": return .sha256
        default: throw S3ConfigurationError(key: key, reason: "'\(value)' is none of none, crc32c and sha256")
        }
    }

    private static func certificates(
        _ key: String, _ value: String
    ) throws(S3ConfigurationError) -> TLSConfiguration.Source? {
        guard !value.isEmpty else { return nil }
        if value.contains("-----BEGIN") { return .data(Array(value.utf8)) }
        let decoded = Data(base64Encoded: value, options: .ignoreUnknownCharacters)
        guard let decoded, String(decoding: decoded, as: UTF8.self).contains("-----BEGIN") else {
            throw S3ConfigurationError(key: key, reason: "it is neither PEM nor base64 of PEM")
        }
        return .data(Array(decoded))
    }
}
