public import CloudStorage
import GodwitPluginAPI
public import HTTPTransport

/// How a bucket is reached, and how objects are stored in it.
public struct S3Configuration: Sendable {
    /// What protects an object on its way and is kept with it where the server knows the header. Servers that do not
    /// know it ignore it; over plain HTTP the body's SHA-256 is signed besides, which all servers check.
    public enum Checksum: String, Sendable, Hashable {
        /// None but what the signature covers.
        case none
        /// CRC-32C.
        case crc32c
        /// SHA-256.
        case sha256
    }

    /// Encryption at rest by the server.
    public enum ServerSideEncryption: Sendable, Hashable {
        /// As the bucket is set.
        case bucketDefault
        /// With keys of the store's own (SSE-S3).
        case aes256
        /// With a key of the key management service; nil for the account's own (SSE-KMS).
        case kms(keyID: String?)
        /// With 32 bytes that are sent with each request and kept by nobody else (SSE-C).
        case customerKey(SecretBytes)
    }

    /// The mode of object lock that ``PutOptions/retainUntil`` uses.
    public enum ObjectLockMode: String, Sendable, Hashable {
        /// Those with a special permission can lift the lock.
        case governance = "GOVERNANCE"
        /// Nobody can, not even the account's root.
        case compliance = "COMPLIANCE"
    }

    /// The bucket.
    public var bucket: String
    /// The region to sign for. A bucket in another one is found by the server's answer.
    public var region = "us-east-1"
    /// The server; nil for AWS.
    var endpoint: ServiceAddress?
    /// The server's address in signed URLs, where it differs.
    var publicEndpoint: ServiceAddress?
    /// Whether the bucket is in the path (true) or in the host name (false). nil decides: in the host name for AWS,
    /// in the path for other servers. Always in the path below an IP address, and with TLS when the bucket has dots.
    public var pathStyle: Bool?
    /// TLS settings.
    public var tls = TLSConfiguration()
    /// Encryption at rest.
    public var encryption = ServerSideEncryption.bucketDefault
    /// The storage class; nil for the bucket's.
    public var storageClass: String?
    /// Tags of new objects, as a query: `team=a&cost=b`.
    public var tagging: String?
    /// The checksum of what is uploaded.
    public var checksum = Checksum.crc32c
    /// Bytes of a part of an upload, 5 MiB to 5 GiB; more when 10,000 parts would not do.
    public var partSize = 8 << 20
    /// Parts of one upload that are under way at once.
    public var concurrency = 4
    /// The profile to take credentials from; nil for the usual chain.
    public var profile: String?
    /// A file of credentials to take instead of the usual places.
    public var credentialsFile: String?
    /// Whether `If-None-Match` makes puts conditional atomically. nil: true for AWS, false elsewhere, where the
    /// condition is sent too but not relied upon.
    public var conditionalPut: Bool?
    /// Object lock; nil when the bucket has none.
    public var objectLock: ObjectLockMode?
    /// How long new objects are kept, from the beginning of their upload; nil for no retention.
    public var retention: Duration?
    /// Whether new objects get a legal hold, which keeps them until it is taken off. Needs a bucket with object lock.
    public var legalHold = false
    /// Whether who asks pays for requests and transfer, where the bucket wants that.
    public var paysForRequests = false
    /// Whether AWS's endpoints with cryptography validated by FIPS 140 are used.
    public var usesFIPS = false
    /// Whether AWS's endpoints that are reached over IPv6 too are used.
    public var usesDualStack = false
    /// Whether the server keeps checksums of whole objects of parts; nil: true for AWS, false elsewhere.
    var wholeChecksum: Bool?
    /// How parts of a stream, and what goes with them, are retried.
    public var retry = StreamRetry()
    /// How long the completion of an upload may give no sign of life: servers take minutes to put many parts together.
    public var completionTimeout = Duration.seconds(600)

    /// The defaults, for a bucket of AWS.
    public init(bucket: String) { self.bucket = bucket }

    /// Sets the server: `https://host:port`, with a path where S3 is not at the root.
    ///
    /// - Throws: ``SettingError`` when that is no address.
    public mutating func setEndpoint(_ address: String) throws(SettingError) {
        guard let endpoint = ServiceAddress(address) else {
            throw SettingError(key: "endpoint", reason: "'\(address)' is not like https://host:port")
        }
        self.endpoint = endpoint
    }

    /// The settings for the transport.
    public var http: HTTPConfiguration {
        var http = HTTPConfiguration()
        http.tls = tls
        // S3 servers give nothing for sharing a connection, and one connection is one core's worth of TLS.
        http.allowsHTTP2 = false
        return http
    }

    func usesPathStyle(_ endpoint: ServiceAddress) -> Bool {
        if endpoint.isAddress { return true }
        // A wildcard certificate covers one label only.
        if endpoint.isTLS, bucket.contains(".") { return true }
        return pathStyle ?? (self.endpoint != nil)
    }

    /// Whether uploads in parts get a checksum of the whole object, by which a reader can verify it. Other servers than
    /// AWS may take it for one of the parts' checksums, and refuse it.
    var hasWholeChecksum: Bool { checksum == .crc32c && (wholeChecksum ?? (endpoint == nil)) }

    /// Whether an object is locked when it is stored.
    func isProtected(_ options: PutOptions) -> Bool { options.retainUntil != nil || holds(options) }

    /// Whether an object gets a legal hold.
    func holds(_ options: PutOptions) -> Bool { legalHold && !options.isShortLived }

    var hasConditionalPut: Bool { conditionalPut ?? (endpoint == nil) }
}

/// Bytes that must not be printed.
public struct SecretBytes: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The bytes themselves.
    public let bytes: [UInt8]

    /// Keeps bytes from being printed.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Nothing of the bytes.
    public var description: String { "(secret)" }
    /// Nothing of the bytes.
    public var debugDescription: String { "(secret)" }
    /// Nothing of the bytes.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
