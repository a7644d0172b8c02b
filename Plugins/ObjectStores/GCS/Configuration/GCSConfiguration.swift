public import CloudStorage
import GodwitPluginAPI
public import HTTPTransport

/// How a bucket is reached, and how objects are stored in it.
public struct GCSConfiguration: Sendable {
    /// The mode of retention that ``PutOptions/retainUntil`` uses.
    public enum RetentionMode: String, Sendable, CaseIterable {
        /// Those with a special permission can lift it.
        case unlocked = "Unlocked"
        /// Nobody can.
        case locked = "Locked"
    }

    /// A hold on an object, which keeps it until somebody takes the hold off.
    public enum Hold: String, Sendable, CaseIterable {
        /// By itself.
        case temporary
        /// Retention begins when it is taken off.
        case eventBased = "event-based"
    }

    /// The bucket.
    public var bucket: String
    /// The service; nil for Google's.
    var endpoint: ServiceAddress?
    /// The service's address in signed URLs, where it differs.
    var publicEndpoint: ServiceAddress?
    /// TLS settings.
    public var tls = TLSConfiguration()
    /// Whether requests go without credentials, as public buckets and some emulators take them.
    public var isAnonymous = false
    /// The file to take credentials from instead of the usual places.
    public var credentialsFile: String?
    /// The service account that signs URLs where there is no key at hand.
    public var serviceAccount: String?
    /// The project that pays for requests.
    public var userProject: String?
    /// The key of Cloud KMS that encrypts new objects; nil for the bucket's.
    public var kmsKeyName: String?
    /// The storage class; nil for the bucket's.
    public var storageClass: String?
    /// Retention of objects; nil when the bucket has none.
    public var retention: RetentionMode?
    /// How long new objects are kept, from the beginning of their upload; nil for no retention.
    public var retainFor: Duration?
    /// A hold on new objects.
    public var hold: Hold?
    /// Bytes of a chunk of an upload, a multiple of 256 KiB.
    public var chunkSize = 8 << 20
    /// How chunks of a stream, and what goes with them, are retried.
    public var retry = StreamRetry()

    /// The defaults.
    public init(bucket: String) { self.bucket = bucket }

    /// The settings for the transport.
    public var http: HTTPConfiguration {
        var http = HTTPConfiguration()
        http.tls = tls
        // One connection is one core's worth of TLS.
        http.allowsHTTP2 = false
        return http
    }

    /// Whether an object cannot be overwritten once it is stored.
    func isProtected(_ options: PutOptions) -> Bool { options.retainUntil != nil || hold(of: options) != nil }

    /// The hold that an object gets.
    func hold(of options: PutOptions) -> Hold? { options.isShortLived ? nil : hold }

    static let google = ServiceAddress(scheme: "https", authority: "storage.googleapis.com", basePath: "")

    var address: ServiceAddress { endpoint ?? Self.google }
}

extension GCSConfiguration {
    /// Reads settings by name: those of a location's URL (`kms-key-name`), or Velero's (`kmsKeyName`).
    ///
    /// docs/object-stores.md has the table.
    ///
    /// - Throws: ``SettingError``, also for a name that is none of these.
    public init(bucket: String, settings: [String: String]) throws(SettingError) {
        self.init(bucket: bucket)
        guard !bucket.isEmpty, bucket.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/?#%".utf8.contains($0) }) else {
            throw SettingError(key: "bucket", reason: "'\(bucket)' is not a bucket's name")
        }
        // In order of their names, so that of two faults always the same one is reported.
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) { try set(key, value) }
        try SettingValue.requireBoth(mode: "retention", isSet: retention != nil, retention: retainFor)
        if let endpoint, !endpoint.isTLS, !endpoint.isLoopback, !isAnonymous {
            throw SettingError(
                key: "endpoint", reason: "a token would cross the network in the clear to \(endpoint.text); use https")
        }
    }

    private mutating func set(_ key: String, _ value: String) throws(SettingError) {
        switch key {
        case "endpoint", "storeEndpoint": endpoint = try SettingValue.address(key, value)?.withoutService
        case "public-url": publicEndpoint = try SettingValue.address(key, value)
        case "auth": isAnonymous = try SettingValue.choice(key, value, of: ["auto", "none"]) == "none"
        case "credentials-file", "credentialsFile": credentialsFile = value.isEmpty ? nil : value
        case "service-account", "serviceAccount": serviceAccount = try Self.email(key, value)
        case "user-project": userProject = value.isEmpty ? nil : value
        case "ca-file": tls.certificateAuthority = value.isEmpty ? nil : .file(value)
        case "ca-data", "caCert": tls.certificateAuthority = try SettingValue.certificates(key, value)
        case "insecure", "insecureSkipTLSVerify": tls.isInsecure = try SettingValue.flag(key, value)
        case "universeDomain":
            guard value.isEmpty || value == GoogleCredentials.universe else {
                throw SettingError(
                    key: key, reason: "only \(GoogleCredentials.universe) is supported, and '\(value)' is another")
            }
        case "kms-key-name", "kmsKeyName": kmsKeyName = try Self.keyName(key, value)
        case "storage-class": storageClass = value.isEmpty ? nil : value.uppercased()
        case "retention":
            let words = RetentionMode.allCases.map(\.rawValue)
            retention = try SettingValue.choice(key, value, of: words).flatMap(RetentionMode.init)
        case "retain": retainFor = try SettingValue.retention(key, value)
        case "hold":
            hold = try SettingValue.choice(key, value, of: Hold.allCases.map(\.rawValue)).flatMap(Hold.init)
        case "part-size":
            chunkSize = try SettingValue.size(key, value, in: (256 << 10)...(1 << 30))
            guard chunkSize % (256 << 10) == 0 else {
                throw SettingError(key: key, reason: "'\(value)' is no multiple of 256KiB")
            }
        default: throw SettingError(key: key, reason: "there is no such setting")
        }
    }

    private static func email(_ key: String, _ value: String) throws(SettingError) -> String? {
        guard !value.isEmpty else { return nil }
        guard value.split(separator: "@").count == 2, value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F })
        else { throw SettingError(key: key, reason: "'\(value)' is not a service account's address") }
        return value
    }

    private static func keyName(_ key: String, _ value: String) throws(SettingError) -> String? {
        guard !value.isEmpty else { return nil }
        let parts = value.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 8, parts[0] == "projects", parts[2] == "locations", parts[4] == "keyRings",
            parts[6] == "cryptoKeys"
        else {
            throw SettingError(
                key: key, reason: "'\(value)' is not like projects/P/locations/L/keyRings/R/cryptoKeys/K")
        }
        return value
    }
}
