import Foundation
import GodwitModel
import Streams
import Synchronization

/// A file that appears under its name once it is complete, and not at all otherwise. Its owner alone may read it: it
/// holds Secrets.
final class DownloadFile: Sendable {
    private let path: String
    private let partial: String
    private let overwrites: Bool
    private let handle: FileHandle
    private let written = Mutex<Int64>(0)
    private let isPublished = Mutex(false)

    /// Bytes written so far.
    var size: Int64 { written.withLock { $0 } }

    init(path: String, overwrites: Bool) throws {
        self.path = path
        self.overwrites = overwrites
        partial = "\(path).partial-\(getpid())"
        guard overwrites || !FileManager.default.fileExists(atPath: path) else {
            throw DownloadFileError(
                path: path, reason: "it exists already", advice: "add --force, or name another file")
        }
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DownloadFileError(path: path, errno: errno) }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    deinit {
        if !isPublished.withLock({ $0 }) { unlink(partial) }
    }

    func write(_ bytes: [UInt8]) async throws {
        try await BlockingPool.shared.run { [handle, path] in
            do {
                try handle.write(contentsOf: bytes)
            } catch {
                throw DownloadFileError(
                    path: path, reason: error.localizedDescription, advice: "free space, or name another file")
            }
        }
        written.withLock { $0 += Int64(bytes.count) }
    }

    /// Makes the file durable and gives it its name.
    func publish() async throws {
        try await BlockingPool.shared.run { [handle, path, partial, overwrites] in
            guard fsync(handle.fileDescriptor) == 0 else { throw DownloadFileError(path: path, errno: errno) }
            // A hard link, unlike a rename, never replaces what somebody else has put there meanwhile.
            let result = overwrites ? rename(partial, path) : link(partial, path)
            guard result == 0 else { throw DownloadFileError(path: path, errno: errno) }
            if !overwrites { unlink(partial) }
        }
        isPublished.withLock { $0 = true }
    }
}

/// A file could not be written.
struct DownloadFileError: AdvisedError {
    let path: String
    let reason: String?
    let advice: String?

    init(path: String, reason: String, advice: String) {
        self.path = path
        self.reason = reason
        self.advice = advice
    }

    init(path: String, errno code: Int32) {
        self.init(
            path: path, reason: String(cString: strerror(code)),
            advice: "check the path, its permissions and the free space")
    }

    var summary: String { "cannot write '\(path)'" }
}
