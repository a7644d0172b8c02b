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
            ?? ServiceAddress(
                scheme: "https", authority: "ec2.\(region).\(ServiceAddress.domain(ofRegion: region))", basePath: "")
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
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) { try set(key, value) }
        guard !region.isEmpty else {
            throw Self.fault("region", "it is neither in the configuration nor in the environment (AWS_REGION)")
        }
        // It becomes part of a host name.
        guard region.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }) else {
            throw Self.fault("region", "'\(region)' is not a region's name")
        }
    }

    private mutating func set(_ key: String, _ value: String) throws(VolumeSnapshotError) {
        switch key {
        case "region": region = value.isEmpty ? region : value
        case "endpoint":
            guard let address = ServiceAddress(value) else {
                throw Self.fault(key, "'\(value)' is not like https://host:port")
            }
            endpoint = address
        case "profile": profile = value.isEmpty ? nil : value
        case "credentials-file", "credentialsFile": credentialsFile = value.isEmpty ? nil : value
        case "kms-key-id", "ebsKmsKeyId": encryptionKey = value.isEmpty ? nil : value
        case "ca-file": tls.certificateAuthority = value.isEmpty ? nil : .file(value)
        case "ca-data", "caCert": tls.certificateAuthority = try Self.certificates(key, value)
        case "insecure", "insecureSkipTLSVerify": tls.isInsecure = try Self.flag(key, value)
        // The shared files are always read.
        case "enableSharedConfig": _ = try Self.flag(key, value)
        case "timeout":
            guard let seconds = Int(value), (1...604_800).contains(seconds) else {
                throw Self.fault(key, "'\(value)' is not a number of seconds up to a week")
            }
            timeout = .seconds(seconds)
        default: throw Self.fault(key, "there is no such setting")
        }
    }

    private static func fault(_ key: String, _ reason: String) -> VolumeSnapshotError {
        VolumeSnapshotError(
            .invalidConfiguration, operation: "use the setting '\(key)'", storage: "EBS", reason: reason)
    }

    private static func flag(_ key: String, _ value: String) throws(VolumeSnapshotError) -> Bool {
        switch value.lowercased() {
        case "true", "1", "yes": return true
        case "false", "0", "no", "": return false
        default: throw fault(key, "'\(value)' is neither true nor false")
        }
    }

    private static func certificates(
        _ key: String, _ value: String
    ) throws(VolumeSnapshotError) -> TLSConfiguration.Source? {
        guard !value.isEmpty else { return nil }
        if value.contains("-----BEGIN") { return .data(Array(value.utf8)) }
        let decoded = Data(base64Encoded: value, options: .ignoreUnknownCharacters)
        guard let decoded, String(decoding: decoded, as: UTF8.self).contains("-----BEGIN") else {
            throw fault(key, "it is neither PEM nor base64 of PEM")
        }
        return .data(Array(decoded))
    }
}
