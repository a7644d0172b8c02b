import GodwitModel
import Glibc

/// Reads files that should be small.
enum SmallFile {
    /// The content of a file.
    ///
    /// - Throws: ``KubeconfigError`` when it cannot be read or has more than `limit` bytes.
    static func read(
        _ path: String, limit: Int, origin: KubeconfigError.Origin
    ) throws(KubeconfigError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, errno, origin) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path, errno, origin)
            }
            if count == 0 { return content }
            guard content.count + count <= limit else {
                throw KubeconfigError(
                    .tooLarge, origin, reason: "\(path) has more than \(limit) bytes",
                    advice: "check that the path names the right file")
            }
            content.append(contentsOf: buffer[..<count])
        }
    }

    /// Whether there is something at a path.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func failure(_ path: String, _ code: Int32, _ origin: KubeconfigError.Origin) -> KubeconfigError {
        KubeconfigError(
            code == ENOENT ? .fileNotFound : .unreadable, origin,
            reason: "\(path): \(String(cString: strerror(code)))",
            advice: code == ENOENT ? "correct the path" : "check the file's permissions")
    }
}

/// Paths as kubeconfigs write them.
enum FilePath {
    /// The folder of a file.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A path relative to a folder.
    static func resolve(_ path: String, in directory: String) -> String {
        if path.hasPrefix("/") { return path }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }
}
