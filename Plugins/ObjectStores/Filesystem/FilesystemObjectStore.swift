import Foundation
import Glibc
public import GodwitPluginAPI
import Streams

/// An object store in a directory: each object is a file, each `/` of its key a directory.
///
/// Semantics beyond ``ObjectStore``:
///
/// - A put is durable when it returns: the file, its name and newly made directories are on the disk (fsync).
/// - The directory tree cannot hold an object `a` beside an object `a/b`. Putting the second of such a pair throws
///   ``ObjectStoreError/Kind/invalidKey``.
/// - No component of a key may be longer than 255 bytes, hold a NUL, or, as the first one, begin with `.godwit-tmp`:
///   that folder holds unfinished files. What dead writers left there is removed after a day.
/// - Symbolic links below the root are not followed: there is no object behind one. The root itself may be a link.
/// - Files are made with mode 0600, directories with 0700.
/// - Content types and retention are not kept.
public final class FilesystemObjectStore: ObjectStore {
    let root: String
    /// Makes the root when it is missing, instead of throwing ``ObjectStoreError/Kind/bucketNotFound``.
    private let createsRoot: Bool
    let sweeper = LeftoverSweeper()
    let cursors = ListingCursors()

    /// All of it but object lock and signed URLs.
    public let capabilities = ObjectStoreCapabilities(
        conditionalPut: true, rangedGet: true, objectLock: false, signedURLs: false)

    /// `file://` and the root.
    public var description: String { "file://\(root)" }

    /// A store in the directory at an absolute path, which must exist unless `createsRoot` is set. Nothing is touched
    /// until the first call.
    public init(root: String, createsRoot: Bool = false) {
        self.root = root
        self.createsRoot = createsRoot
    }

    /// Stores an object; see ``ObjectStore/put(_:_:options:)``.
    @discardableResult
    public func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        let path = try keyPath(key, "put")
        let file = try await blocking("put", key) { [self] in
            let root = try openRoot(creating: createsRoot)
            return try UnfinishedFile(in: root, sweeper: sweeper, ifAbsent: options.ifAbsent, at: path)
        }
        do {
            switch body {
            case .bytes(let bytes):
                try await blocking("put", key) { try file.write(bytes) }
            case .stream(let stream, let length):
                try await write(stream, length: length, to: file, key: key)
            }
            try Task.checkCancellation()
            return try await blocking("put", key) {
                ObjectInfo(key: key, status: try file.publish(at: path, ifAbsent: options.ifAbsent))
            }
        } catch {
            try? await blocking("put", key) { file.discard() }
            throw error
        }
    }

    private func write(_ stream: ByteStream, length: Int64?, to file: UnfinishedFile, key: String) async throws {
        // Small pieces are gathered, so that a stream of them does not cost a thread switch each.
        let gathered = 1 << 20
        var buffer: [UInt8] = []
        var total: Int64 = 0
        for try await piece in stream {
            total += Int64(piece.count)
            if buffer.isEmpty {
                buffer = piece
            } else {
                buffer.reserveCapacity(gathered + gathered / 2)
                buffer.append(contentsOf: piece)
            }
            guard buffer.count >= gathered else { continue }
            let full = buffer
            buffer = []
            try await blocking("put", key) { try file.writeAhead(full) }
        }
        if !buffer.isEmpty {
            let rest = buffer
            try await blocking("put", key) { try file.write(rest) }
        }
        if let length, length != total {
            throw ObjectStoreError(
                .corrupted, operation: "put", key: key, store: description,
                reason: "the body has \(total) bytes and was announced with \(length)")
        }
    }

    /// Opens an object; see ``ObjectStore/get(_:range:)``. The file stays open, so a reader sees one version of it.
    public func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        let path = try keyPath(key, "get")
        let (file, status) = try await blocking("get", key) { [self] in
            try openFile(path)
        }
        let size = Int64(status.st_size)
        if let range, range.lowerBound >= size || range.lowerBound < 0 {
            throw ObjectStoreError(
                .invalidRange, operation: "get", key: key, store: description,
                reason: "it has \(size) bytes, asked was from \(range.lowerBound) on")
        }
        let wanted = range.map { $0.clamped(to: 0..<size) } ?? 0..<size
        let reader = FileReader(file, range: wanted)
        let body = ByteStream { [self] in
            try Task.checkCancellation()
            return try await blocking("get", key) { try reader.next() }
        }
        return ObjectReader(info: ObjectInfo(key: key, status: status), body: body)
    }

    /// Looks at a file; see ``ObjectStore/stat(_:)``.
    public func stat(_ key: String) async throws -> ObjectInfo? {
        let path = try keyPath(key, "stat")
        do {
            return try await blocking("stat", key) { [self] in
                guard let directory = try openParent(of: path, root: openRoot()),
                    let status = try directory.status(path.name), status.st_mode & S_IFMT == S_IFREG
                else { return nil }
                return ObjectInfo(key: key, status: status)
            }
        } catch let error as ObjectStoreError where error.kind == .notFound {
            return nil
        }
    }

    /// Lists files in the order of their keys; see ``ObjectStore/list(_:)``.
    public func list(_ request: ListRequest) async throws -> ListPage {
        try await blocking("list", request.prefix) { [self] in
            let root = try openRoot()
            return try cursors.page(request, root: root)
        }
    }

    /// Nothing: unfinished files do not bear their keys, and later writers remove those of dead ones by their age.
    public func discardUnfinishedPuts(below prefix: String) async throws {}

    /// Removes files, and directories that become empty; see ``ObjectStore/delete(_:)``.
    public func delete(_ keys: [String]) async throws {
        var first: (any Error)?
        // Batches keep cancellation prompt and one directory's fsync shared.
        for start in stride(from: 0, to: keys.count, by: 256) {
            try Task.checkCancellation()
            let batch = Array(keys[start..<min(start + 256, keys.count)])
            let failure = try await blocking("delete", nil) { [self] in
                Deletion(root: try openRoot(), store: description).run(batch)
            }
            first = first ?? failure
        }
        if let first { throw first }
    }

    /// There are no URLs to a directory.
    public func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? { nil }
}

extension FilesystemObjectStore {
    private func keyPath(_ key: String, _ operation: String) throws -> KeyPath {
        do {
            return try KeyPath(key)
        } catch {
            throw ObjectStoreError(
                .invalidKey, operation: operation, key: key, store: description, reason: error.reason)
        }
    }

    /// Runs system calls on the blocking pool and translates what they report.
    private func blocking<Value: Sendable>(
        _ operation: String, _ key: String?, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        do {
            return try await BlockingPool.shared.run(work)
        } catch let error as SystemError {
            throw error.objectStoreError(operation, key: key, store: description)
        } catch let failure as RootFailure {
            throw failure.objectStoreError(operation, store: description)
        } catch let flaw as KeyFlaw {
            throw ObjectStoreError(
                .invalidKey, operation: operation, key: key, store: description, reason: flaw.reason)
        }
    }

    private func openRoot(creating: Bool = false) throws -> Descriptor {
        do {
            if creating { try Descriptor.makeDirectories(path: root) }
            return try Descriptor.openDirectory(path: root)
        } catch {
            throw RootFailure(error: error, wasToBeMade: creating)
        }
    }

    private func openParent(of path: KeyPath, root: Descriptor) throws(SystemError) -> Descriptor? {
        var directory = root
        for name in path.directories {
            do {
                directory = try directory.openDirectory(name)
            } catch {
                if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return nil }
                throw error
            }
        }
        return directory
    }

    private func openFile(_ path: KeyPath) throws -> (Descriptor, Glibc.stat) {
        guard let directory = try openParent(of: path, root: openRoot()) else {
            throw SystemError(code: ENOENT, call: "open")
        }
        let file = try directory.open(path.name, O_RDONLY)
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(code: ENOENT, call: "open") }
        return (file, status)
    }
}

/// The root itself could not be opened or made: that is the bucket's failure, not the key's.
struct RootFailure: Error {
    let error: SystemError
    let wasToBeMade: Bool

    func objectStoreError(_ operation: String, store: String) -> ObjectStoreError {
        switch error.code {
        case ENOENT where !wasToBeMade, ENOTDIR where !wasToBeMade:
            ObjectStoreError(.bucketNotFound, operation: operation, store: store)
        case ENOENT, ENOTDIR:
            ObjectStoreError(.invalidConfiguration, operation: operation, store: store, reason: error.reason)
        default:
            error.objectStoreError(operation, key: nil, store: store)
        }
    }
}

extension ObjectInfo {
    /// What a file's status says of an object.
    init(key: String, status: Glibc.stat) {
        let modified = status.st_mtim
        let nanoseconds = Int64(modified.tv_sec) * 1_000_000_000 + Int64(modified.tv_nsec)
        self.init(
            key: key, size: Int64(status.st_size),
            modified: Date(timeIntervalSince1970: Double(modified.tv_sec) + Double(modified.tv_nsec) / 1e9),
            etag: "\(String(status.st_ino, radix: 16))-\(String(nanoseconds, radix: 16))")
    }
}
