public import GodwitModel

/// Where Kubernetes objects live: a cluster behind an API server, or a directory of manifests.
///
/// Objects cross this boundary as JSON text, so that what nobody looks into is never decoded. The text of an object
/// always holds `apiVersion` and `kind`, also where a server's lists leave them out.
///
/// All errors are ``ClusterError``, `CancellationError`, or HTTPTransport's where no answer came at all.
public protocol Cluster: Sendable {
    /// The cluster in words for messages: its server URL, or `dir:PATH`.
    var description: String { get }

    /// What this cluster can do beyond reading and writing objects.
    var capabilities: ClusterCapabilities { get }

    /// The version that the cluster reports.
    func version() async throws -> ServerVersion

    /// All resources that are served, subresources left out. Group versions whose discovery fails are reported in the
    /// catalogue and do not fail the rest.
    func discover() async throws -> APIResourceCatalog

    /// Streams the objects of a resource, ordered by namespace and name, page by page, in bounded memory.
    ///
    /// A listing goes on after a page token has expired (410 Gone), with what the server then offers.
    /// - Parameter namespace: nil for all namespaces, and for cluster-scoped resources.
    func list(_ resource: APIResource, namespace: String?, options: ListOptions) -> ItemStream

    /// Reads one object; nil when it does not exist.
    func get(_ resource: APIResource, namespace: String?, name: String) async throws -> Item?

    /// Creates an object and gives it as the cluster stored it.
    func create(
        _ resource: APIResource, namespace: String?, object: [UInt8], options: WriteOptions
    ) async throws -> Item

    /// Replaces an object (PUT) and gives it as the cluster stored it. If the text holds a `resourceVersion`, the
    /// cluster's must be the same.
    func update(
        _ resource: APIResource, namespace: String?, name: String, object: [UInt8], subresource: String?,
        options: WriteOptions
    ) async throws -> Item

    /// Changes an object and gives it as the cluster stored it.
    func patch(
        _ resource: APIResource, namespace: String?, name: String, patch: Patch, subresource: String?,
        options: WriteOptions
    ) async throws -> Item

    /// Deletes an object. One that does not exist throws ``ClusterError/Kind/notFound``.
    func delete(_ resource: APIResource, namespace: String?, name: String, options: DeleteOptions) async throws

    /// Watches a resource until the stream is dropped: bookmarks are used to resume after a broken connection, and an
    /// expired resource version lists anew and reports what changed meanwhile.
    func watch(_ resource: APIResource, namespace: String?, options: WatchOptions) -> WatchStream
}

/// What a cluster can do beyond reading and writing objects.
public struct ClusterCapabilities: Sendable, Hashable {
    /// ``WriteOptions/isDryRun`` asks the server without changing anything.
    public var dryRun: Bool
    /// There is a control plane that acts on objects: CRDs become established, namespaces terminate.
    public var controlPlane: Bool

    /// Capabilities.
    public init(dryRun: Bool, controlPlane: Bool) {
        self.dryRun = dryRun
        self.controlPlane = controlPlane
    }
}

/// The version of a server.
public struct ServerVersion: Sendable, Hashable, CustomStringConvertible {
    /// Such as `1`.
    public let major: String
    /// Such as `29` or `20+`.
    public let minor: String
    /// Such as `v1.29.3`.
    public let gitVersion: String

    /// A version.
    public init(major: String, minor: String, gitVersion: String) {
        self.major = major
        self.minor = minor
        self.gitVersion = gitVersion
    }

    /// The git version.
    public var description: String { gitVersion }
}

/// How to list.
public struct ListOptions: Sendable, Hashable {
    /// Only objects with these labels; evaluated by the server.
    public var labelSelector: LabelSelector?
    /// Only objects with these fields, in the server's syntax: `metadata.name=x`.
    public var fieldSelector: String?
    /// Objects a page.
    public var pageSize: Int

    /// Options; by default everything in pages of 500.
    public init(labelSelector: LabelSelector? = nil, fieldSelector: String? = nil, pageSize: Int = 500) {
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.pageSize = pageSize
    }
}

/// How to write.
public struct WriteOptions: Sendable, Hashable {
    /// Ask the server what would happen (dryRun=All) and change nothing.
    public var isDryRun: Bool
    /// Who is recorded as the manager of the fields.
    public var fieldManager: String
    /// For server-side apply: take fields over from other managers.
    public var force: Bool

    /// Options; by default a real write as `godwit`.
    public init(isDryRun: Bool = false, fieldManager: String = "godwit", force: Bool = false) {
        self.isDryRun = isDryRun
        self.fieldManager = fieldManager
        self.force = force
    }
}

/// A change to an object.
public struct Patch: Sendable, Hashable {
    /// The kinds of patch, with the media type of each.
    public enum Kind: String, Sendable, Hashable {
        /// RFC 6902.
        case json = "application/json-patch+json"
        /// RFC 7396.
        case merge = "application/merge-patch+json"
        /// Kubernetes' own, for built-in kinds.
        case strategicMerge = "application/strategic-merge-patch+json"
        /// Server-side apply.
        case apply = "application/apply-patch+yaml"
    }

    /// The kind of patch.
    public let kind: Kind
    /// The patch, as JSON text.
    public let body: [UInt8]

    /// A patch.
    public init(_ kind: Kind, _ body: [UInt8]) {
        self.kind = kind
        self.body = body
    }
}

/// How to delete.
public struct DeleteOptions: Sendable, Hashable {
    /// What happens to dependents.
    public enum Propagation: String, Sendable, Hashable {
        /// They are deleted later by the garbage collector.
        case background = "Background"
        /// They are deleted first.
        case foreground = "Foreground"
        /// They stay.
        case orphan = "Orphan"
    }

    /// What happens to dependents; nil for the resource's default.
    public var propagation: Propagation?
    /// Delete only the object with this uid.
    public var uid: String?
    /// Delete only if the object still has this resource version.
    public var resourceVersion: String?
    /// Seconds a pod is given to stop; nil for its own.
    public var gracePeriodSeconds: Int?
    /// Ask the server what would happen and change nothing.
    public var isDryRun: Bool

    /// Options; by default the resource's own.
    public init(
        propagation: Propagation? = nil, uid: String? = nil, resourceVersion: String? = nil,
        gracePeriodSeconds: Int? = nil, isDryRun: Bool = false
    ) {
        self.propagation = propagation
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.gracePeriodSeconds = gracePeriodSeconds
        self.isDryRun = isDryRun
    }
}

/// How to watch.
public struct WatchOptions: Sendable, Hashable {
    /// Only objects with these labels.
    public var labelSelector: LabelSelector?
    /// Only objects with these fields.
    public var fieldSelector: String?
    /// Where to begin; nil begins with all existing objects as ``WatchEvent/added(_:)``.
    public var resourceVersion: String?

    /// Options; by default everything from the beginning.
    public init(labelSelector: LabelSelector? = nil, fieldSelector: String? = nil, resourceVersion: String? = nil) {
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.resourceVersion = resourceVersion
    }
}

/// Something that happened to an object.
public enum WatchEvent: Sendable {
    /// It exists now.
    case added(Item)
    /// It changed.
    case modified(Item)
    /// It is gone; the item is its last state.
    case deleted(Item)
}
