public import GodwitModel

/// Something that takes snapshots of claims through the cluster itself, and restores claims from them: CSI.
///
/// Unlike a ``VolumeSnapshotter`` it needs no way to the storage. A snapshot is known by what the storage calls it (its
/// handle), so it outlives the objects that stood for it, and another cluster with the same driver can restore it.
///
/// All errors are ``VolumeSnapshotError``, the cluster's, or `CancellationError`. A snapshot that a cut-off call had begun
/// to take is removed as far as the cluster can be reached.
public protocol ClaimSnapshotter: Sendable {
    /// The plugin's name, `prefix/name`.
    var name: String { get }

    /// What a snapshot of a claim would be taken with.
    ///
    /// - Parameters:
    ///   - claim: as the cluster has it.
    ///   - volume: its PersistentVolume.
    ///   - backup: its annotations may choose.
    /// - Returns: nil when volumes of this kind are none of its business.
    /// - Throws: ``VolumeSnapshotError/Kind/invalidConfiguration`` when they are, and nothing suits: it says what to do.
    func offer(
        for claim: KubernetesObject, volume: KubernetesObject, backup: Backup
    ) async throws -> ClaimSnapshotOffer?

    /// Takes a snapshot, waits until it can be used, and leaves nothing but the storage's snapshot.
    ///
    /// - Parameters:
    ///   - claim: in the cluster.
    ///   - offer: of ``offer(for:volume:backup:)``.
    ///   - labels: put on the objects that stand for the snapshot meanwhile.
    ///   - timeout: how long to wait.
    func createSnapshot(
        of claim: ClaimName, with offer: ClaimSnapshotOffer, labels: [String: String], timeout: Duration
    ) async throws -> ClaimSnapshot

    /// A claim that gets its volume from a snapshot, which ``provide(_:as:in:labels:timeout:)`` brings under this name.
    func claim(_ claim: KubernetesObject, from snapshot: ClaimSnapshot, named name: String) -> KubernetesObject

    /// The name of the snapshot that a claim gets its volume from; nil for a claim that gets it otherwise.
    func snapshotName(of claim: KubernetesObject) -> String?

    /// Makes a snapshot of the storage known in a claim's namespace, and waits until it can be used.
    ///
    /// - Parameter name: of the object that stands for it.
    func provide(
        _ snapshot: ClaimSnapshot, as name: String, in namespace: String, labels: [String: String], timeout: Duration
    ) async throws

    /// Removes the objects that ``provide(_:as:in:labels:timeout:)`` has made, and nothing in the storage. What is not
    /// there is removed.
    func withdraw(_ name: String, in namespace: String) async throws

    /// Deletes a snapshot in the storage. One that does not exist, as far as anybody can tell, is deleted.
    ///
    /// - Returns: whether it was there. One that was not may also be in another storage of the same driver.
    @discardableResult
    func deleteSnapshot(_ snapshot: ClaimSnapshot, timeout: Duration) async throws -> Bool
}

/// With what a snapshot of a claim is taken.
public struct ClaimSnapshotOffer: Sendable, Hashable {
    /// The driver of the volume.
    public var driver: String
    /// The class of the snapshot.
    public var snapshotClass: String

    /// An offer.
    public init(driver: String, snapshotClass: String) {
        self.driver = driver
        self.snapshotClass = snapshotClass
    }
}

/// A snapshot of a claim, as the storage keeps it.
public struct ClaimSnapshot: Sendable, Hashable {
    /// The driver whose snapshot it is.
    public var driver: String
    /// What the driver calls it.
    public var handle: String
    /// The class that it was taken with; empty when not known.
    public var snapshotClass: String
    /// The least size of a volume made of it, in bytes; nil when not known.
    public var restoreSize: Int64?

    /// A snapshot.
    public init(driver: String, handle: String, snapshotClass: String = "", restoreSize: Int64? = nil) {
        self.driver = driver
        self.handle = handle
        self.snapshotClass = snapshotClass
        self.restoreSize = restoreSize
    }
}

/// What lets a ``ClaimSnapshotter`` work with a cluster.
public protocol ClusterAccess: Sendable {
    /// The cluster in words.
    var description: String { get }

    /// Whether the cluster serves a resource.
    func serves(_ resource: GroupResource) async throws -> Bool

    /// Reads an object; nil when there is none, or the resource is not served.
    func get(_ identity: ItemIdentity) async throws -> KubernetesObject?

    /// Reads all objects of a resource, which are expected to be few; none when it is not served.
    func list(_ resource: GroupResource, namespace: String?) async throws -> [KubernetesObject]

    /// Creates an object and gives it as the cluster stored it.
    func create(_ object: KubernetesObject, as resource: GroupResource) async throws -> KubernetesObject

    /// Changes an object by a merge patch (RFC 7396) and gives it as the cluster stored it.
    func patch(_ identity: ItemIdentity, with patch: JSONValue) async throws -> KubernetesObject

    /// Deletes an object; one that does not exist is deleted.
    func delete(_ identity: ItemIdentity) async throws
}
