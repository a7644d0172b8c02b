import CBtrfs
import Glibc
import GodwitModel

/// Makes the directories of a copy, and those of its files whose flag for data that is written in place (`chattr +C`, as
/// databases and virtual machines have it) is not that of their directory.
///
/// The flag can only be given to an empty file, so it must be there before the content. Files with and without it cannot
/// share data, because the one has checksums and the other has none. All other files inherit it.
struct InPlaceFlags {
    private let source: Path
    private let target: Path

    /// A name or path, as the system has it: it need not be text.
    private typealias Path = [CChar]

    /// A directory that is being walked.
    private struct Level {
        let source: Path
        let target: Path
        let isInPlace: Bool
        var stream: OpaquePointer?
        /// Where to go on when the stream was closed.
        var position = 0
    }

    /// Directories that are open at a time: a tree may be deeper than the system allows.
    private static let openLimit = 100

    init(from source: String, to target: String) {
        self.source = Array(source.utf8CString)
        self.target = Array(target.utf8CString)
    }

    /// Walks the source, which stands still.
    ///
    /// - Parameter proceed: is called for every entry and throws to stop.
    /// - Throws: `SharedCopy.Failure`.
    func carryOver(_ proceed: () throws -> Void) throws {
        var levels = [try enter(source, target)]
        defer { for level in levels { Self.close(level.stream) } }
        while let level = levels.last {
            try proceed()
            if level.stream == nil { levels[levels.count - 1].stream = try reopen(level) }
            guard let entry = try next(of: &levels[levels.count - 1]) else {
                Self.close(levels.removeLast().stream)
                continue
            }
            let (source, target) = (level.source.appending(entry.name), level.target.appending(entry.name))
            switch entry.type {
            case DT_DIR:
                guard mkdir(target, 0o700) == 0 else { throw failure("make", target) }
                if levels.count >= Self.openLimit { suspend(&levels[levels.count - 1]) }
                levels.append(try enter(source, target))
            case DT_REG: try makeFile(source, target, in: level)
            // They have no data.
            default: break
            }
        }
    }

    /// Gives a directory that was just made the flag of its original.
    private func enter(_ source: Path, _ target: Path) throws -> Level {
        let isInPlace = try withOpen(source, O_RDONLY | O_DIRECTORY) { try flag(of: $0, source) }
        try withOpen(target, O_RDONLY | O_DIRECTORY) { copy in
            if try flag(of: copy, target) != isInPlace { try set(isInPlace, copy, target) }
        }
        return Level(source: source, target: target, isInPlace: isInPlace)
    }

    private func makeFile(_ source: Path, _ target: Path, in directory: Level) throws {
        let isInPlace = try withOpen(source, O_RDONLY | O_NONBLOCK) { try flag(of: $0, source) }
        guard isInPlace != directory.isInPlace else { return }
        try withOpen(target, O_WRONLY | O_CREAT | O_EXCL) { try set(isInPlace, $0, target) }
    }

    private func reopen(_ level: Level) throws -> OpaquePointer {
        guard let stream = opendir(level.source) else { throw failure("open", level.source) }
        if level.position != 0 { seekdir(stream, level.position) }
        return stream
    }

    private func suspend(_ level: inout Level) {
        guard let stream = level.stream else { return }
        level.position = telldir(stream)
        Self.close(stream)
        level.stream = nil
    }

    private static func close(_ stream: OpaquePointer?) {
        if let stream { closedir(stream) }
    }

    /// The next entry of a directory; nil at its end.
    private func next(of level: inout Level) throws -> (name: Path, type: Int)? {
        while let stream = level.stream {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw failure("read", level.source) }
                return nil
            }
            let name = entry.name
            if name != [0x2E, 0], name != [0x2E, 0x2E, 0] { return (name, Int(entry.pointee.d_type)) }
        }
        return nil
    }

    private func flag(of descriptor: Int32, _ path: Path) throws -> Bool {
        var isInPlace: Int32 = 0
        let code = godwit_btrfs_is_in_place(descriptor, &isInPlace)
        guard code == 0 else { throw failure("look at", path, code) }
        return isInPlace != 0
    }

    private func set(_ isInPlace: Bool, _ descriptor: Int32, _ path: Path) throws {
        let code = godwit_btrfs_set_in_place(descriptor, isInPlace ? 1 : 0)
        guard code == 0 else { throw failure("set the flags of", path, code) }
    }

    private func withOpen<Value>(_ path: Path, _ flags: Int32, _ body: (Int32) throws -> Value) throws -> Value {
        let descriptor = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { Glibc.close(descriptor) }
        return try body(descriptor)
    }

    private func failure(_ action: String, _ path: Path, _ code: Int32 = errno) -> SharedCopy.Failure {
        let path = String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        return SharedCopy.Failure(reason: BtrfsError(action, path, code).description)
    }
}

extension [CChar] {
    fileprivate func appending(_ name: [CChar]) -> [CChar] { dropLast() + [0x2F] + name }
}

extension UnsafeMutablePointer<dirent> {
    /// Up to and with the zero. The record is no longer than its name, whatever its type says.
    fileprivate var name: [CChar] {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        let start = UnsafeRawPointer(self).advanced(by: offset).assumingMemoryBound(to: CChar.self)
        return Array(UnsafeBufferPointer(start: start, count: strlen(start) + 1))
    }
}
