public import CloudStorage
import GodwitPluginAPI
public import HTTPTransport

/// How a container is reached, and how blobs are stored in it.
public struct AzureConfiguration: Sendable {
    /// What a request proves who asks with.
    public enum Authentication: String, Sendable, CaseIterable {
        /// The first of the others for which there is something.
        case automatic = "auto"
        /// The account's key.
        case key
        /// A shared access signature.
        case sas
        /// A token of Microsoft Entra ID.
        case entra
    }

    /// The mode of immutability that ``PutOptions/retainUntil`` uses.
    public enum ImmutabilityMode: String, Sendable, CaseIterable {
        /// Those with a special permission can shorten or lift it.
        case unlocked = "Unlocked"
        /// Nobody can.
        case locked = "Locked"
    }

    /// The container.
    public var container: String
    /// The storage account; nil takes it from the credentials or the endpoint.
    public var account: String?
    /// The service, with the account in host or path; nil for the account's own in the cloud.
    var endpoint: ServiceAddress?
    /// The cloud; nil takes it from the credentials, or the public one.
    var cloud: AzureCloud?
    /// TLS settings.
    public var tls = TLSConfiguration()
    /// How requests are authorized.
    public var authentication = Authentication.automatic
    /// A file of `AZURE_…=value` lines to take instead of the usual places.
    public var credentialsFile: String?
    /// The variable that holds the account's key.
    public var keyVariable: String?
    /// Where tokens come from; nil for the cloud's.
    var authority: ServiceAddress?
    /// The tenant; nil takes it from the credentials.
    public var tenantID: String?
    /// The application or the user-assigned identity; nil takes it from the credentials.
    public var clientID: String?
    /// Where the account's key can be asked for.
    public var subscriptionID: String?
    /// Where the account's key can be asked for.
    public var resourceGroup: String?
    /// `Hot`, `Cool` or `Cold`; nil for the account's.
    public var accessTier: String?
    /// Immutability; nil when the container has none.
    public var immutability: ImmutabilityMode?
    /// How long new blobs are kept; nil for no retention.
    public var retention: Duration?
    /// Whether blobs get a legal hold.
    public var legalHold = false
    /// Whether blobs get MD5 checksums, which are verified on both ways.
    public var hasChecksums = true
    /// Bytes of a block, 64 KiB to 4,000 MiB; more when 50,000 would not do.
    public var blockSize = 8 << 20
    /// Blocks of one upload that are under way at once.
    public var concurrency = 4
    /// How blocks of a stream, and what goes with them, are retried.
    public var retry = StreamRetry()

    /// The defaults.
    public init(container: String) { self.container = container }

    /// Whether a blob cannot be overwritten once it is stored.
    func isProtected(_ options: PutOptions) -> Bool { options.retainUntil != nil || holds(options) }

    /// Whether a blob gets a legal hold.
    func holds(_ options: PutOptions) -> Bool { legalHold && !options.isShortLived }

    /// The settings for the transport.
    public var http: HTTPConfiguration {
        var http = HTTPConfiguration()
        http.tls = tls
        http.allowsHTTP2 = false
        return http
    }
}
