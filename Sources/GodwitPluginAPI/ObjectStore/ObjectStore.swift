/// A place for objects: a bucket of a cloud provider, a directory, anything that keeps bytes under keys.
///
/// What every implementation promises, and the contract suite in GodwitTestKit checks:
///
/// - **Keys** are UTF-8 text of 1 to 1,024 bytes, with `/` between components. No component is empty, `.` or `..`.
///   Any other character is legal and comes back from ``list(_:)`` exactly as it was given.
/// - **Read after write**: once ``put(_:_:options:)`` has returned, every reader sees the whole new object.
/// - **Atomic**: a reader sees the old object, or the new one, or none, never a part or a mix; one that can no longer
///   go on with the object it began with throws ``ObjectStoreError/Kind/changed``. A put that throws or is
///   cancelled leaves what was there before, and cleans up after itself as far as the store can be reached.
/// - **Overwrite**: putting an existing key replaces it, unless ``PutOptions/ifAbsent`` asks otherwise.
/// - **Missing keys**: ``get(_:range:)`` throws ``ObjectStoreError/Kind/notFound``, ``stat(_:)`` gives nil,
///   ``delete(_:)`` succeeds.
/// - **Empty objects** are legal.
/// - **Concurrency**: all methods may be called at once from any task.
/// - **Cancellation** of the calling task ends the call soon, with `CancellationError`.
///
/// An implementation does not retry on its own account, except parts of a streamed put that cannot be replayed by a
/// caller; wrappers of the engine do. All errors are ``ObjectStoreError`` or `CancellationError`; an error thrown by
/// the body of a put is passed on as it is.
public protocol ObjectStore: Sendable {
    /// What the store can do beyond the above.
    var capabilities: ObjectStoreCapabilities { get }

    /// The store in words for messages, without secrets: `s3://bucket at https://…`, `file:///backups`.
    var description: String { get }

    /// Stores an object from a body that may be a stream of unknown length, in bounded memory.
    @discardableResult
    func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo

    /// Opens an object for reading.
    ///
    /// - Parameter range: the bytes to read; a range that reaches past the end is cut there, one that starts at or
    ///   past the end throws ``ObjectStoreError/Kind/invalidRange``. nil reads everything.
    func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader

    /// What is known of an object, or nil when there is none.
    func stat(_ key: String) async throws -> ObjectInfo?

    /// One page of the keys that begin with a prefix, in ascending order of their UTF-8 bytes.
    func list(_ request: ListRequest) async throws -> ListPage

    /// Deletes objects. Keys that do not exist count as deleted.
    ///
    /// - Throws: after trying all of them, the error of the first key that could not be deleted.
    func delete(_ keys: [String]) async throws

    /// Removes what killed writers left of puts under keys with this prefix and no listing shows, such as the parts of
    /// multipart uploads. Only for a prefix under which nobody is putting anything now. A store that has no such
    /// leftovers, or finds them by itself, does nothing.
    func discardUnfinishedPuts(below prefix: String) async throws

    /// A URL with which anyone can read the object for a while; nil where the store has no such thing.
    func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String?
}

/// What a store can do beyond the protocol's promises.
public struct ObjectStoreCapabilities: Sendable, Hashable {
    /// ``PutOptions/ifAbsent`` is honoured atomically.
    public var conditionalPut: Bool
    /// Ranged reads fetch only the range.
    public var rangedGet: Bool
    /// ``PutOptions/retainUntil`` is honoured.
    public var objectLock: Bool
    /// ``ObjectStore/signedURL(for:expiresIn:)`` gives URLs.
    public var signedURLs: Bool
    /// ``ObjectStore/list(_:)`` says how large objects are. Where it does not, ``ObjectInfo/size`` of what is listed is
    /// 0 and means nothing; ``ObjectStore/stat(_:)`` and ``ObjectStore/get(_:range:)`` say it always.
    public var listedSizes: Bool

    /// Capabilities; most stores list sizes.
    public init(
        conditionalPut: Bool, rangedGet: Bool, objectLock: Bool, signedURLs: Bool, listedSizes: Bool = true
    ) {
        self.conditionalPut = conditionalPut
        self.rangedGet = rangedGet
        self.objectLock = objectLock
        self.signedURLs = signedURLs
        self.listedSizes = listedSizes
    }
}
