import CloudStorage
import AWS
public import Foundation
public import GodwitPluginAPI
public import HTTPTransport

/// How volumes of EBS are reached: the configuration of a volume snapshot location.
public struct EBSConfiguration: Sendable, Hashable {
    /// The region.
    public var region: String
    /// The server; nil for AWS.
    var endpoint: ServiceAddress?
    /// The profile to take credentials from; nil for the usual chain.
    public var profile: String?
    /// A file of credentials to take instead of the usual places.
    public var credentialsFile: String?
    /// The key with which restored volumes are encrypted; nil for the snapshot's own.
    public var encryptionKey: String?
    /// TLS settings.
    public var tls = TLSConfiguration()
    /// How long a snapshot or volume may take to be ready. The first snapshot of a large volume takes hours.
    public var timeout = Duration.seconds(4 * 3600)

    /// The settings for the transport.
    public var http: HTTPConfiguration {
        var http = HTTPConfiguration()
        http.tls = tls
        http.allowsHTTP2 = false
        http.maximumConnectionsPerHost = 8
        http.timeouts = HTTPTimeouts(connect: .seconds(10), idle: .seconds(30), total: .seconds(60))
        return http
    }

    /// Where requests go.
    var address: ServiceAddress {
        endpoint
            ?? .aws("ec2", region: region)
    }

    /// Reads a configuration: own names, or those of Velero's AWS plugin.
    ///
    /// | here | Velero's AWS plugin | value |
    /// |---|---|---|
    /// | `region` | `region` | as AWS names it; by default that of the environment |
    /// | `endpoint` | | `https://host:port` |
    /// | `profile` | `profile` | of the shared files |
    /// | `credentials-file` | `credentialsFile` | a file |
    /// | `kms-key-id` | `ebsKmsKeyId` | for restored volumes |
    /// | `ca-file`, `ca-data` | `caCert` | a file; PEM text, or base64 of it |
    /// | `insecure` | `insecureSkipTLSVerify` | `true`, `false` |
    /// | `timeout` | | seconds |
    ///
    /// - Throws: ``VolumeSnapshotError`` of kind `invalidConfiguration`, also for a name that is none of these.
    public init(
        _ settings: [String: String], environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(VolumeSnapshotError) {
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? ""
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            do throws(SettingError) {
                try set(key, value)
            } catch {
                throw Self.fault(key, error.reason ?? "it cannot be used")
            }
        }
        guard !region.isEmpty else {
            throw Self.fault("region", "it is neither in the configuration nor in the environment (AWS_REGION)")
        }
        // It becomes part of a host name.
        guard region.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }) else {
            throw Self.fault("region", "'\(region)' is not a region's name")
        }
    }

    private mutating func set(_ key: String, _ value: String) throws(SettingError) {
        switch key {
        case "region": region = value.isEmpty ? region : value
        case "endpoint":
            guard let address = ServiceAddress(value) else {
                throw SettingError(key: key, reason: "'\(value)' is not like https://host:port")
            }
            endpoint = address
        case "profile": profile = value.isEmpty ? nil : value
        case "credentials-file", "credentialsFile": credentialsFile = value.isEmpty ? nil : value
        case "kms-key-id", "ebsKmsKeyId": encryptionKey = value.isEmpty ? nil : value
        case "ca-file": tls.certificateAuthority = value.isEmpty ? nil : .file(value)
        case "ca-data", "caCert": tls.certificateAuthority = try SettingValue.certificates(key, value)
        case "insecure", "insecureSkipTLSVerify": tls.isInsecure = try SettingValue.flag(key, value)
        // The shared files are always read.
        case "enableSharedConfig": _ = try SettingValue.flag(key, value)
        case "timeout":
            timeout = .seconds(try SettingValue.number(key, value, in: 1...604_800))
        default: throw SettingError(key: key, reason: "there is no such setting")
        }
    }

    private static func fault(_ key: String, _ reason: String) -> VolumeSnapshotError {
        VolumeSnapshotError(
            .invalidConfiguration, operation: "use the setting '\(key)'", storage: "EBS", reason: reason)
    }
}
