import Foundation
import GodwitPluginSDK
import Synchronization

/// Objects as files in one directory, each under its key in an encoding that fits file names.
///
/// A file is written under another name and renamed, so that a reader sees it whole or not at all; and what a reader
/// has open stays as it was.
final class Shelf: ObjectStore {
    let description: String
    let capabilities = ObjectStoreCapabilities(
        conditionalPut: true, rangedGet: true, objectLock: false, signedURLs: false)
    private let directory: String

    init(directory: String) throws {
        self.directory = directory
        description = "shelf \(directory)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        let path = try path(of: key, "put")
        let unfinished = "\(directory)/.\(UUID().uuidString)"
        guard FileManager.default.createFile(atPath: unfinished, contents: nil) else {
            throw failure("put", key, errno)
        }
        defer { unlink(unfinished) }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: unfinished))
        var size: Int64 = 0
        for try await piece in body.stream {
            try file.write(contentsOf: piece)
            size += Int64(piece.count)
        }
        if let length = body.length, length != size {
            throw ObjectStoreError(.corrupted, operation: "put", key: key, store: description)
        }
        try file.synchronize()
        try file.close()
        try Task.checkCancellation()
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        // A link is made only where nothing stands; a rename replaces.
        let result = options.ifAbsent ? link(unfinished, path) : rename(unfinished, path)
        guard result == 0 else { throw failure("put", key, errno) }
        return try info(key, path) ?? ObjectInfo(key: key, size: size)
    }

    func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        let path = try path(of: key, "get")
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("get", key, errno) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard let status = status(ofOpen: descriptor) else { throw failure("get", key, errno) }
        let info = Self.info(key, status)
        guard range.map({ $0.lowerBound < info.size }) ?? true else {
            throw ObjectStoreError(.invalidRange, operation: "get", key: key, store: description)
        }
        let wanted = range.map { $0.clamped(to: 0..<info.size) } ?? 0..<info.size
        try file.seek(toOffset: UInt64(wanted.lowerBound))
        let rest = Mutex(Int(wanted.count))
        return ObjectReader(
            info: info,
            body: ByteStream {
                let count = rest.withLock { min($0, 1 << 18) }
                guard count > 0, let piece = try file.read(upToCount: count), !piece.isEmpty else { return nil }
                rest.withLock { $0 -= piece.count }
                return Array(piece)
            })
    }

    func stat(_ key: String) async throws -> ObjectInfo? { try info(key, path(of: key, "stat")) }

    func list(_ request: ListRequest) async throws -> ListPage {
        let keys = try files(in: directory, "").compactMap(FileName.decode).filter {
            $0.utf8.starts(with: request.prefix.utf8)
        }.sorted(by: ObjectKey.precedes)
        var objects: [ObjectInfo] = []
        var prefixes: [String] = []
        var last = ""
        for key in keys {
            let entry = request.rolledUp(key) ?? key
            if let start = request.continuation, !ObjectKey.precedes(start, entry) { continue }
            if Array(entry.utf8) == Array(last.utf8) { continue }
            if objects.count + prefixes.count == request.pageSize {
                return ListPage(objects: objects, commonPrefixes: prefixes, continuation: last)
            }
            if request.rolledUp(key) != nil {
                prefixes.append(entry)
            } else if let info = try info(key, path(of: key, "list")) {
                objects.append(info)
            }
            last = entry
        }
        return ListPage(objects: objects, commonPrefixes: prefixes, continuation: nil)
    }

    func delete(_ keys: [String]) async throws {
        for key in keys {
            guard unlink(try path(of: key, "delete")) == 0 || errno == ENOENT || errno == ENOTDIR else {
                throw failure("delete", key, errno)
            }
        }
    }

    func discardUnfinishedPuts(below prefix: String) async throws {}
    func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? { nil }

    private func path(of key: String, _ operation: String) throws -> String {
        if let flaw = ObjectKey.flaw(of: key) {
            throw ObjectStoreError(.invalidKey, operation: operation, key: key, store: description, reason: flaw)
        }
        return "\(directory)/\(FileName.encode(key))"
    }

    private func files(in folder: String, _ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).flatMap { name -> [String] in
            if name.hasPrefix(".") { return [] }
            // The encoding marks folders, so that no file has to be looked at.
            return name.hasSuffix("+") ? try files(in: "\(folder)/\(name)", "\(prefix)\(name)/") : [prefix + name]
        }
    }

    private func info(_ key: String, _ path: String) throws -> ObjectInfo? {
        if let status = status(at: path) { return Self.info(key, status) }
        guard errno == ENOENT || errno == ENOTDIR else { throw failure("stat", key, errno) }
        return nil
    }

    private static func info(_ key: String, _ status: FileStatus) -> ObjectInfo {
        let time = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
        return ObjectInfo(
            key: key, size: Int64(status.st_size), modified: Date(timeIntervalSince1970: time),
            etag: "\(status.st_ino)-\(status.st_mtim.tv_nsec)")
    }

    private func failure(_ operation: String, _ key: String, _ code: Int32) -> ObjectStoreError {
        let kind: ObjectStoreError.Kind =
            switch code {
            case ENOENT, ENOTDIR: .notFound
            case EEXIST: .alreadyExists
            case EACCES, EPERM: .accessDenied
            case ENOSPC, EDQUOT: .outOfSpace
            default: .other(code: "errno \(code)")
            }
        return ObjectStoreError(
            kind, operation: operation, key: key, store: description, reason: String(cString: strerror(code)))
    }
}

typealias FileStatus = stat

/// What the system says of a file; nil when it says errno.
private func status(at path: String) -> FileStatus? {
    var status = FileStatus()
    return stat(path, &status) == 0 ? status : nil
}

private func status(ofOpen descriptor: Int32) -> FileStatus? {
    var status = FileStatus()
    return fstat(descriptor, &status) == 0 ? status : nil
}

/// Keys as names of files: bytes other than letters, digits, '-' and '_' as %XX, cut into folders that end with '+'.
enum FileName {
    static func encode(_ key: String) -> String {
        let encoded = key.utf8.map { byte -> String in
            let scalar = Unicode.Scalar(byte)
            let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || byte == 0x2D || byte == 0x5F
                ? String(scalar) : "%" + String(256 + Int(byte), radix: 16).dropFirst()
        }
        return stride(from: 0, to: encoded.count, by: 60).map { encoded[$0..<min(encoded.count, $0 + 60)].joined() }
            .joined(separator: "+/")
    }

    static func decode(_ path: String) -> String? {
        path.replacing("+/", with: "").removingPercentEncoding
    }
}

extension ObjectBody {
    fileprivate var stream: ByteStream {
        switch self {
        case .bytes(let bytes): ByteStream(bytes)
        case .stream(let stream, _): stream
        }
    }

    fileprivate var length: Int64? {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .stream(_, let length): length
        }
    }
}

extension ListRequest {
    /// The common prefix that a key belongs to; nil when it stands for itself.
    fileprivate func rolledUp(_ key: String) -> String? {
        guard let delimiter else { return nil }
        let rest = String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        return rest.range(of: delimiter, options: .literal).map { prefix + rest[..<$0.upperBound] }
    }
}
