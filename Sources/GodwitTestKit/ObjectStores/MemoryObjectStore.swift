import Foundation
public import GodwitPluginAPI
import Streams
import Synchronization

/// An object store in memory, for tests.
public final class MemoryObjectStore: ObjectStore {
    private struct Entry {
        let key: String
        let bytes: [UInt8]
        let modified: Date
        let version: Int
        let retainUntil: Date?

        var released: Entry {
            Entry(key: key, bytes: bytes, modified: modified, version: version, retainUntil: nil)
        }

        var isLocked: Bool { retainUntil.map { $0 > Date() } ?? false }

        var info: ObjectInfo {
            ObjectInfo(
                key: key, size: Int64(bytes.count), modified: modified, etag: "v\(version)", isLocked: isLocked)
        }
    }

    private struct State {
        /// By the bytes of the key: two strings of different bytes can be equal in Swift.
        var entries: [[UInt8]: Entry] = [:]
        var version = 0
        var refusals: [String] = []
        /// The keys in order; nil after a change, until they are needed again.
        var sorted: [[UInt8]]?

        mutating func sortedKeys() -> [[UInt8]] {
            if let sorted { return sorted }
            let keys = entries.keys.sorted { $0.lexicographicallyPrecedes($1) }
            sorted = keys
            return keys
        }
    }

    private let name: String
    private let retention: Duration?
    private let retained: [String]
    private let state = Mutex(State())

    /// All of it but signed URLs.
    public let capabilities = ObjectStoreCapabilities(
        conditionalPut: true, rangedGet: true, objectLock: true, signedURLs: false)

    /// `memory://` and the name.
    public var description: String { "memory://\(name)" }

    /// An empty store.
    ///
    /// - Parameters:
    ///   - retention: how long objects are kept that are not short-lived, as a location's setting `retain` does; nil keeps
    ///     none.
    ///   - retained: what the keys of those objects begin with.
    public init(name: String = "test", retention: Duration? = nil, of retained: [String] = [""]) {
        self.name = name
        self.retention = retention
        self.retained = retained
    }

    /// Ends the retention of all objects that are there.
    public func endRetention() {
        state.withLock { state in
            state.entries = state.entries.mapValues { $0.released }
        }
    }

    /// The keys that could not be overwritten or deleted because they are kept, in the order of the attempts.
    public var refusals: [String] { state.withLock { $0.refusals } }

    /// All keys in order.
    public var keys: [String] {
        state.withLock { state in state.entries.values.map(\.key) }.sorted(by: ObjectKey.precedes)
    }

    /// Gathers the body, then replaces the object.
    @discardableResult
    public func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        try check(key, "put")
        let bytes: [UInt8]
        switch body {
        case .bytes(let all): bytes = all
        case .stream(let stream, let length):
            bytes = try await stream.collect(upTo: .max)
            if let length, length != Int64(bytes.count) {
                throw error(
                    .corrupted, "put", key, "the body has \(bytes.count) bytes and was announced with \(length)")
            }
        }
        try Task.checkCancellation()
        return try state.withLock { state in
            let existing = state.entries[Array(key.utf8)]
            if existing != nil, options.ifAbsent { throw error(.alreadyExists, "put", key) }
            if existing?.isLocked == true {
                state.refusals.append(key)
                throw error(.locked, "put", key)
            }
            state.version += 1
            if existing == nil { state.sorted = nil }
            let entry = Entry(
                key: key, bytes: bytes, modified: Date(), version: state.version,
                retainUntil: options.retainUntil ?? retention(of: key, options))
            state.entries[Array(key.utf8)] = entry
            return entry.info
        }
    }

    private func retention(of key: String, _ options: PutOptions) -> Date? {
        guard let retention, !options.isShortLived, retained.contains(where: key.hasPrefix) else { return nil }
        return Date().addingTimeInterval(TimeInterval(retention.components.seconds))
    }

    /// Reads what the object is now, in pieces of 64 KiB.
    public func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        try check(key, "get")
        try Task.checkCancellation()
        guard let entry = state.withLock({ $0.entries[Array(key.utf8)] }) else { throw error(.notFound, "get", key) }
        let size = Int64(entry.bytes.count)
        if let range, range.lowerBound >= size || range.lowerBound < 0 { throw error(.invalidRange, "get", key) }
        let wanted = range.map { $0.clamped(to: 0..<size) } ?? 0..<size
        let position = Mutex(Int(wanted.lowerBound))
        let body = ByteStream {
            try Task.checkCancellation()
            return position.withLock { position in
                let end = min(position + 65_536, Int(wanted.upperBound))
                defer { position = end }
                return position < end ? Array(entry.bytes[position..<end]) : nil
            }
        }
        return ObjectReader(info: entry.info, body: body)
    }

    /// Looks an object up.
    public func stat(_ key: String) async throws -> ObjectInfo? {
        try check(key, "stat")
        try Task.checkCancellation()
        return state.withLock { $0.entries[Array(key.utf8)]?.info }
    }

    /// One page; the continuation is the last key or prefix of the page.
    public func list(_ request: ListRequest) async throws -> ListPage {
        try Task.checkCancellation()
        var page = PageBuilder(request)
        let prefix = Array(request.prefix.utf8)
        state.withLock { state in
            let keys = state.sortedKeys()
            let start = Array((request.continuation ?? request.prefix).utf8)
            var index = keys.partitioningIndex { !$0.lexicographicallyPrecedes(start) }
            while index < keys.count, keys[index].starts(with: prefix), let entry = state.entries[keys[index]] {
                guard page.add(keys[index], entry.info) else { break }
                index += 1
            }
        }
        return page.page
    }

    /// Nothing: what was not put to its end was never anywhere.
    public func discardUnfinishedPuts(below prefix: String) async throws {}

    /// Deletes all keys that are not retained.
    public func delete(_ keys: [String]) async throws {
        try Task.checkCancellation()
        var first: (any Error)?
        for key in keys {
            do {
                try check(key, "delete")
                try state.withLock { state in
                    if state.entries[Array(key.utf8)]?.isLocked == true {
                        state.refusals.append(key)
                        throw error(.locked, "delete", key)
                    }
                    if state.entries.removeValue(forKey: Array(key.utf8)) != nil { state.sorted = nil }
                }
            } catch {
                first = first ?? error
            }
        }
        if let first { throw first }
    }

    /// There are none.
    public func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? { nil }

    private func check(_ key: String, _ operation: String) throws {
        if let flaw = ObjectKey.flaw(of: key) { throw error(.invalidKey, operation, key, flaw) }
    }

    private func error(
        _ kind: ObjectStoreError.Kind, _ operation: String, _ key: String, _ reason: String? = nil
    ) -> ObjectStoreError {
        ObjectStoreError(kind, operation: operation, key: key, store: description, reason: reason)
    }
}

/// Cuts sorted keys into a page.
private struct PageBuilder {
    private let request: ListRequest
    private var objects: [ObjectInfo] = []
    private var prefixes: [[UInt8]] = []
    private var last: String?
    private var isFull = false

    init(_ request: ListRequest) { self.request = request }

    var page: ListPage {
        ListPage(
            objects: objects, commonPrefixes: prefixes.map { String(decoding: $0, as: UTF8.self) },
            continuation: isFull ? last : nil)
    }

    /// Adds the next key; false when the page is full.
    mutating func add(_ key: [UInt8], _ info: ObjectInfo) -> Bool {
        let rolledUp = commonPrefix(of: key)
        if let rolledUp, rolledUp == prefixes.last { return true }
        if let after = request.continuation {
            let position = rolledUp ?? key
            if !Array(after.utf8).lexicographicallyPrecedes(position) { return true }
        }
        guard objects.count + prefixes.count < max(1, request.pageSize) else {
            isFull = true
            return false
        }
        last = rolledUp.map { String(decoding: $0, as: UTF8.self) } ?? info.key
        if let rolledUp { prefixes.append(rolledUp) } else { objects.append(info) }
        return true
    }

    private func commonPrefix(of key: [UInt8]) -> [UInt8]? {
        guard let delimiter = request.delimiter.map({ Array($0.utf8) }), !delimiter.isEmpty else { return nil }
        var start = request.prefix.utf8.count
        while start + delimiter.count <= key.count {
            if key[start...].starts(with: delimiter) { return Array(key[..<(start + delimiter.count)]) }
            start += 1
        }
        return nil
    }
}

extension Array {
    /// The first index whose element fulfils what all elements after it fulfil too.
    fileprivate func partitioningIndex(where isAfter: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
