public import Foundation
public import Streams

/// What is stored by a put.
public enum ObjectBody: Sendable {
    /// Bytes at hand; such a put can be replayed.
    case bytes([UInt8])
    /// Bytes that arrive; such a put cannot be replayed. The length is a promise where it is given.
    case stream(ByteStream, length: Int64?)
}

/// How an object is stored.
public struct PutOptions: Sendable, Hashable {
    /// Fail with ``ObjectStoreError/Kind/alreadyExists`` when the key exists. Atomic where the store's capabilities
    /// say so; elsewhere checked before the object becomes visible.
    public var ifAbsent: Bool
    /// The media type, where the store keeps one.
    public var contentType: String?
    /// Until when nobody may change or delete the object, where the store has object lock. nil leaves it to the
    /// location, which may have a retention of its own.
    public var retainUntil: Date?
    /// Whether the writer itself rewrites or removes the object soon, as a lock or a heartbeat: nothing that the location
    /// asks for may keep it, no retention and no hold.
    public var isShortLived: Bool

    /// Options; by default an unconditional put of an object that stays.
    public init(
        ifAbsent: Bool = false, contentType: String? = nil, retainUntil: Date? = nil, isShortLived: Bool = false
    ) {
        self.ifAbsent = ifAbsent
        self.contentType = contentType
        self.retainUntil = retainUntil
        self.isShortLived = isShortLived
    }
}

/// What a store knows of an object.
public struct ObjectInfo: Sendable, Hashable {
    /// The key.
    public let key: String
    /// The size in bytes.
    public let size: Int64
    /// When it was written; nil where the store does not say.
    public let modified: Date?
    /// The store's own tag for this content; nil where it has none.
    public let etag: String?
    /// Whether the storage would refuse to delete it now, because a retention or a hold keeps it. Only
    /// ``ObjectStore/stat(_:)`` says so, of stores that can tell.
    public let isLocked: Bool

    /// Describes an object.
    public init(key: String, size: Int64, modified: Date? = nil, etag: String? = nil, isLocked: Bool = false) {
        self.key = key
        self.size = size
        self.modified = modified
        self.etag = etag
        self.isLocked = isLocked
    }
}

/// An object that is being read.
public struct ObjectReader: Sendable {
    /// The object; `size` is that of the whole object, whatever the range.
    public let info: ObjectInfo
    /// The bytes asked for. It throws when the connection breaks before the end, never ends early. Leaving it
    /// unread frees its resources when the last copy is gone.
    public let body: ByteStream

    /// A reader.
    public init(info: ObjectInfo, body: ByteStream) {
        self.info = info
        self.body = body
    }
}

/// Which keys to list.
public struct ListRequest: Sendable, Hashable {
    /// Only keys that begin with this; empty for all.
    public var prefix: String
    /// Keys that hold this after the prefix are rolled up into ``ListPage/commonPrefixes``; nil for none.
    public var delimiter: String?
    /// Where to go on, from the page before.
    public var continuation: String?
    /// Keys and prefixes a page at most; the store may give fewer.
    public var pageSize: Int

    /// A request for the first page.
    public init(prefix: String, delimiter: String? = nil, continuation: String? = nil, pageSize: Int = 1000) {
        self.prefix = prefix
        self.delimiter = delimiter
        self.continuation = continuation
        self.pageSize = pageSize
    }
}

/// One page of a listing.
public struct ListPage: Sendable, Hashable {
    /// The objects.
    public let objects: [ObjectInfo]
    /// Rolled-up prefixes, each with the delimiter at its end.
    public let commonPrefixes: [String]
    /// Where to go on; nil on the last page.
    public let continuation: String?

    /// A page.
    public init(objects: [ObjectInfo], commonPrefixes: [String], continuation: String?) {
        self.objects = objects
        self.commonPrefixes = commonPrefixes
        self.continuation = continuation
    }
}

extension ObjectStore {
    /// All pages of a listing, one after the other.
    ///
    /// - Throws: what listing and the body throw, and ``ObjectStoreError`` when the pages go round in a circle.
    public func forEachPage(_ request: ListRequest, _ body: (ListPage) async throws -> Void) async throws {
        var request = request
        // Brent's way to find a circle: one earlier place is remembered, after twice as many pages each time.
        var (remembered, pages, limit): (String?, Int, Int) = (request.continuation, 0, 1)
        repeat {
            let page = try await list(request)
            try await body(page)
            request.continuation = page.continuation
            guard page.continuation == nil || page.continuation != remembered else {
                throw ObjectStoreError(
                    .unavailable, operation: "list", key: request.prefix, store: description,
                    reason: "its pages have no end")
            }
            pages += 1
            if pages == limit { (remembered, pages, limit) = (page.continuation, 0, 2 * limit) }
        } while request.continuation != nil
    }
}
