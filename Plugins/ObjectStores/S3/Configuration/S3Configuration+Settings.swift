public import CloudStorage
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
    /// | `retain` | | `30d`, `12h`; together with `object-lock` |
    /// | `legal-hold` | | `true`, `false` |
    /// | `request-payer` | | `requester` |
    /// | `fips`, `dual-stack` | | `true`, `false`; for AWS's own endpoints |
    ///
    /// - Throws: ``SettingError``, also for a name that is none of these.
    public init(bucket: String, settings: [String: String]) throws(SettingError) {
        self.init(bucket: bucket)
        guard !bucket.isEmpty, !bucket.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "/") }) else {
            throw SettingError(key: "bucket", reason: "'\(bucket)' is not a bucket's name")
        }
        let settings = try Self.decided(settings)
        // In order of their names, so that of two faults always the same one is reported.
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            try set(key, value)
        }
        if let keyID = settings["kms-key-id"] ?? settings["kmsKeyId"], !keyID.isEmpty {
            switch encryption {
            case .kms, .bucketDefault: encryption = .kms(keyID: keyID)
            default: throw SettingError(key: "kms-key-id", reason: "it needs sse=aws:kms")
            }
        }
        try SettingValue.requireBoth(mode: "object-lock", isSet: objectLock != nil, retention: retention)
        if usesFIPS || usesDualStack, endpoint != nil {
            throw SettingError(
                key: usesFIPS ? "fips" : "dual-stack",
                reason: "it chooses among AWS's endpoints, and another one is set")
        }
        if case .customerKey = encryption, let endpoint, !endpoint.isTLS, !endpoint.isLoopback {
            throw SettingError(
                key: "sse-c-key-file",
                reason: "the key would cross the network in the clear to \(endpoint.text); use https")
        }
    }

    /// Under Velero's names a key may stand beside `serverSideEncryption`, which is passed over then, as Velero does it. Of
    /// the two keys Velero takes one only.
    private static func decided(_ settings: [String: String]) throws(SettingError) -> [String: String] {
        let keys = ["kmsKeyId", "customerKeyEncryptionFile"].filter { !(settings[$0] ?? "").isEmpty }
        guard keys.count < 2 else {
            throw SettingError(key: keys[0], reason: "it cannot be set beside a customer's key")
        }
        guard !keys.isEmpty else { return settings }
        return settings.filter { $0.key != "serverSideEncryption" }
    }

    private mutating func set(_ key: String, _ value: String) throws(SettingError) {
        switch key {
        case "region": region = value.isEmpty ? region : value
        case "endpoint", "s3Url": endpoint = try SettingValue.address(key, value)
        case "public-url", "publicUrl": publicEndpoint = try SettingValue.address(key, value)
        case "path-style", "s3ForcePathStyle": pathStyle = try SettingValue.flag(key, value)
        case "ca-file": tls.certificateAuthority = value.isEmpty ? nil : .file(value)
        case "ca-data", "caCert": tls.certificateAuthority = try SettingValue.certificates(key, value)
        case "insecure", "insecureSkipTLSVerify": tls.isInsecure = try SettingValue.flag(key, value)
        case "profile": profile = value.isEmpty ? nil : value
        case "credentials-file", "credentialsFile": credentialsFile = value.isEmpty ? nil : value
        case "request-payer":
            paysForRequests = try SettingValue.choice(key, value, of: ["requester"]) != nil
        case "fips": usesFIPS = try SettingValue.flag(key, value)
        case "dual-stack": usesDualStack = try SettingValue.flag(key, value)
        case "signatureVersion":
            guard value == "4" || value.isEmpty else {
                throw SettingError(key: key, reason: "only version 4 is supported")
            }
        // The shared files are always read.
        case "enableSharedConfig": _ = try SettingValue.flag(key, value)
        default: try setStorage(key, value)
        }
    }

    private mutating func setStorage(_ key: String, _ value: String) throws(SettingError) {
        switch key {
        case "sse", "serverSideEncryption": try setEncryption(key, value)
        // Taken up after all others: it goes together with `sse`.
        case "kms-key-id", "kmsKeyId": break
        case "sse-c-key-file": try setCustomerKey(key, value, likeVelero: false)
        case "customerKeyEncryptionFile": try setCustomerKey(key, value, likeVelero: true)
        case "storage-class": storageClass = value.isEmpty ? nil : value
        case "tagging": tagging = value.isEmpty ? nil : value
        case "checksum", "checksumAlgorithm": checksum = try Self.checksum(key, value)
        case "part-size": partSize = try SettingValue.size(key, value, in: (5 << 20)...(5 << 30))
        case "concurrency": concurrency = try SettingValue.number(key, value, in: 1...64)
        case "conditional-put": conditionalPut = try SettingValue.flag(key, value)
        case "legal-hold": legalHold = try SettingValue.flag(key, value)
        case "retain": retention = try SettingValue.retention(key, value)
        case "object-lock":
            guard let mode = ObjectLockMode(rawValue: value.uppercased()) else {
                throw SettingError(key: key, reason: "'\(value)' is neither governance nor compliance")
            }
            objectLock = mode
        default: throw SettingError(key: key, reason: "there is no such setting")
        }
    }

    private mutating func setEncryption(_ key: String, _ value: String) throws(SettingError) {
        let wanted: ServerSideEncryption
        switch value {
        case "", "none": return
        case "AES256": wanted = .aes256
        case "aws:kms": wanted = .kms(keyID: nil)
        default:
            throw SettingError(key: key, reason: "'\(value)' is none of none, AES256 and aws:kms")
        }
        guard encryption == .bucketDefault else {
            throw SettingError(key: key, reason: "it cannot be set beside a customer's key")
        }
        encryption = wanted
    }

    /// - Parameter likeVelero: the key is the first 32 bytes of the file, whatever they are, and the file is mounted from a
    ///   Secret, whose files are readable by others inside the container.
    private mutating func setCustomerKey(
        _ key: String, _ path: String, likeVelero: Bool
    ) throws(SettingError) {
        guard !path.isEmpty else { return }
        guard encryption == .bucketDefault else {
            throw SettingError(key: key, reason: "a customer's key cannot be set beside sse")
        }
        if !likeVelero {
            let mode = (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
            guard let mode, mode & 0o077 == 0 else {
                throw SettingError(
                    key: key, reason: "'\(path)' must exist and be readable by its owner only (chmod 600)")
            }
        }
        guard let content = FileManager.default.contents(atPath: path), content.count <= 256 else {
            throw SettingError(key: key, reason: "'\(path)' cannot be read")
        }
        guard let bytes = likeVelero ? Self.firstBytes(of: content) : Self.key(in: content) else {
            let form = likeVelero ? "fewer than 32 bytes" : "neither 32 bytes nor base64 of 32 bytes"
            throw SettingError(key: key, reason: "'\(path)' holds \(form)")
        }
        encryption = .customerKey(SecretBytes(Array(bytes)))
    }
}

extension S3Configuration {
    private static func firstBytes(of content: Data) -> Data? {
        content.count < 32 ? nil : content.prefix(32)
    }

    /// The 32 bytes of a key's file: as they are, with a line's end behind them, or in base64.
    private static func key(in content: Data) -> Data? {
        if content.count == 32 { return content }
        if [Data("\n".utf8), Data("\r\n".utf8)].contains(content.dropFirst(32)) { return content.prefix(32) }
        let text = String(decoding: content, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return Data(base64Encoded: text).flatMap { $0.count == 32 ? $0 : nil }
    }

    private static func checksum(_ key: String, _ value: String) throws(SettingError) -> Checksum {
        switch value.lowercased() {
        case "", "none": return .none
        case "crc32c", "crc32": return .crc32c
        case "sha256", "sha1": return .sha256
        default: throw SettingError(key: key, reason: "'\(value)' is none of none, crc32c and sha256")
        }
    }
}
