public import CloudStorage
import Foundation
import HTTPTransport

extension AzureConfiguration {
    /// Reads settings by name: those of a location's URL (`account`), or Velero's (`storageAccount`).
    ///
    /// docs/object-stores.md has the table.
    ///
    /// - Throws: ``SettingError``, also for a name that is none of these.
    public init(container: String, settings: [String: String]) throws(SettingError) {
        self.init(container: container)
        guard Self.isContainerName(container) else {
            throw SettingError(
                key: "container",
                reason: "'\(container)' is not a container's name: 3 to 63 of a-z, 0-9 and single '-'")
        }
        // In order of their names, so that of two faults always the same one is reported.
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) { try set(key, value) }
        try SettingValue.requireBoth(mode: "immutability", isSet: immutability != nil, retention: retention)
        guard (resourceGroup == nil) == (subscriptionID == nil) || authentication != .key else {
            throw SettingError(
                key: "resource-group",
                reason: "it is of use together with subscription-id only, and the other way round")
        }
    }

    private mutating func set(_ key: String, _ value: String) throws(SettingError) {
        switch key {
        case "account", "storageAccount": account = try Self.accountName(key, value)
        case "endpoint", "storageAccountURI": endpoint = try SettingValue.address(key, value)
        case "cloud":
            guard value.isEmpty || AzureCloud(named: value) != nil else {
                throw SettingError(key: key, reason: "'\(value)' is none of public, china, usgovernment")
            }
            cloud = AzureCloud(named: value)
        case "auth":
            let words = Authentication.allCases.map(\.rawValue)
            authentication =
                try SettingValue.choice(key, value, of: words).flatMap(Authentication.init) ?? .automatic
        case "useAAD": if try SettingValue.flag(key, value) { authentication = .entra }
        case "credentials-file", "credentialsFile": credentialsFile = value.isEmpty ? nil : value
        case "key-env", "storageAccountKeyEnvVar": keyVariable = value.isEmpty ? nil : value
        case "authority", "activeDirectoryAuthorityURI": authority = try SettingValue.address(key, value)
        case "tenant-id": tenantID = try Self.identifier(key, value)
        case "client-id": clientID = try Self.identifier(key, value)
        case "subscription-id", "subscriptionId": subscriptionID = try Self.identifier(key, value)
        case "resource-group", "resourceGroup": resourceGroup = value.isEmpty ? nil : value
        case "ca-file": tls.certificateAuthority = value.isEmpty ? nil : .file(value)
        case "ca-data", "caCert": tls.certificateAuthority = try SettingValue.certificates(key, value)
        case "insecure", "insecureSkipTLSVerify": tls.isInsecure = try SettingValue.flag(key, value)
        default: try setStorage(key, value)
        }
    }

    private mutating func setStorage(_ key: String, _ value: String) throws(SettingError) {
        switch key {
        case "access-tier": accessTier = try SettingValue.choice(key, value, of: ["Hot", "Cool", "Cold"])
        case "immutability":
            let words = ImmutabilityMode.allCases.map(\.rawValue)
            immutability = try SettingValue.choice(key, value, of: words).flatMap(ImmutabilityMode.init)
        case "retain": retention = try SettingValue.retention(key, value)
        case "legal-hold": legalHold = try SettingValue.flag(key, value)
        case "checksum":
            hasChecksums = try SettingValue.choice(key, value, of: ["md5", "none"]) != "none"
        case "part-size", "blockSizeInBytes":
            blockSize = try SettingValue.size(key, value, in: (64 << 10)...(4000 << 20))
        case "concurrency": concurrency = try SettingValue.number(key, value, in: 1...64)
        default: throw SettingError(key: key, reason: "there is no such setting")
        }
    }

    private static func isContainerName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        if name == "$root" || name == "$web" { return true }
        return (3...63).contains(bytes.count) && bytes.first != UInt8(ascii: "-") && bytes.last != UInt8(ascii: "-")
            && !name.contains("--") && bytes.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func accountName(_ key: String, _ value: String) throws(SettingError) -> String? {
        guard !value.isEmpty else { return nil }
        guard (3...24).contains(value.utf8.count), value.utf8.allSatisfy(isLowerOrDigit) else {
            throw SettingError(key: key, reason: "'\(value)' is not an account's name: 3 to 24 of a-z and 0-9")
        }
        return value
    }

    /// A GUID or a name that goes into a URL.
    private static func identifier(_ key: String, _ value: String) throws(SettingError) -> String? {
        guard !value.isEmpty else { return nil }
        guard value.utf8.allSatisfy({ isLowerOrDigit($0 | 0x20) || "-._".utf8.contains($0) }) else {
            throw SettingError(key: key, reason: "'\(value)' is not an id")
        }
        return value
    }
}
