public import GodwitPluginAPI
import Streams

/// The store under test and what the suite may do with it.
public struct ContractSubject: Sendable {
    /// Opens the store. Called once for each check.
    public var open: @Sendable () async throws -> any ObjectStore
    /// Below this prefix, which ends with `/`, the suite writes, and leaves nothing.
    public var prefix: String
    /// Fetches a signed URL as anyone would, without credentials: status and body. nil skips that check.
    public var fetch: (@Sendable (_ url: String) async throws -> (status: Int, body: [UInt8]))?
    /// The longest key to try. Less than the protocol's for a store that adds a prefix of its own.
    public var maximumKeyLength = ObjectKey.maximumLength
    /// Keys that the service behind the store cannot keep, as its documentation says. The suite wants them refused as
    /// ``ObjectStoreError/Kind/invalidKey`` instead of stored under another name.
    public var isUnsupported: @Sendable (_ key: String) -> Bool = { _ in false }
    /// The size of the large streamed object.
    public var largeSize = 64 << 20
    /// How many keys the paging check writes.
    public var listedKeys = 2500

    /// A subject.
    public init(
        prefix: String, fetch: (@Sendable (_ url: String) async throws -> (status: Int, body: [UInt8]))? = nil,
        open: @escaping @Sendable () async throws -> any ObjectStore
    ) {
        self.prefix = prefix
        self.fetch = fetch
        self.open = open
    }
}

/// One run of one check.
struct ContractRun: Sendable {
    let store: any ObjectStore
    let subject: ContractSubject
    /// The prefix of this run's keys, with `/` at its end.
    let prefix: String

    init(check: String, subject: ContractSubject) async throws {
        self.subject = subject
        prefix = "\(subject.prefix)\(check)-\(String(UInt64.random(in: 0...(.max)), radix: 36))/"
        store = try await subject.open()
    }

    func key(_ name: String) -> String { prefix + name }

    func put(_ name: String, _ bytes: [UInt8], ifAbsent: Bool = false) async throws {
        try await store.put(key(name), .bytes(bytes), options: PutOptions(ifAbsent: ifAbsent))
    }

    /// The whole object, and what the reader said of it.
    func read(_ name: String, range: Range<Int64>? = nil) async throws -> (info: ObjectInfo, bytes: [UInt8]) {
        let reader = try await store.get(key(name), range: range)
        return (reader.info, try await reader.body.collect(upTo: 1 << 30))
    }

    /// Reads an object that others replace; nil when it was replaced in the middle of the reading.
    func readUnlessChanged(_ name: String) async throws -> (info: ObjectInfo, bytes: [UInt8])? {
        do {
            return try await read(name)
        } catch let error as ObjectStoreError where error.kind == .changed {
            return nil
        }
    }

    /// All objects and common prefixes below the run's prefix, through all pages.
    func list(
        _ prefix: String = "", delimiter: String? = nil, pageSize: Int = 1000
    ) async throws -> (keys: [String], prefixes: [String], pages: [ListPage]) {
        var pages: [ListPage] = []
        let request = ListRequest(prefix: self.prefix + prefix, delimiter: delimiter, pageSize: pageSize)
        try await store.forEachPage(request) { pages.append($0) }
        return (pages.flatMap { $0.objects.map(\.key) }, pages.flatMap(\.commonPrefixes), pages)
    }

    func cleanUp() async throws {
        var keys: [String] = []
        try await store.forEachPage(ListRequest(prefix: prefix)) { keys += $0.objects.map(\.key) }
        try await store.delete(keys)
    }

    /// Throws a violation unless the condition holds.
    func require(_ condition: Bool, _ why: @autoclosure () -> String) throws {
        if !condition { throw ContractViolation(why: why()) }
    }

    /// Throws a violation unless both are the same bytes; equal strings can have different ones.
    func requireSame(_ found: [String], _ expected: [String], _ what: String) throws {
        let found = found.map { Array($0.utf8) }
        let expected = expected.map { Array($0.utf8) }
        guard found != expected else { return }
        let index = zip(found, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(found.count, expected.count)
        func text(_ keys: [[UInt8]]) -> String {
            index < keys.count ? "'\(String(decoding: keys[index], as: UTF8.self))'" : "nothing"
        }
        throw ContractViolation(
            why:
                "\(what): \(found.count) and not \(expected.count); at \(index) \(text(found)) and not \(text(expected))"
        )
    }

    /// Throws a violation unless the body throws an error of a kind.
    func requireError(
        _ kind: ObjectStoreError.Kind, _ what: String, _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let error as ObjectStoreError {
            try require(error.kind == kind, "\(what) throws \(error.kind) and not \(kind): \(error)")
            return
        }
        throw ContractViolation(why: "\(what) does not throw \(kind)")
    }
}
