import Foundation
import Glibc

/// A plugin's program as a file.
enum ProgramFile {
    /// Sees that a file can be run and that not just anybody could have put another program in its place.
    ///
    /// - Throws: ``PluginError``.
    static func check(_ path: String) throws(PluginError) {
        func failure(_ why: String) -> PluginError {
            PluginError(
                program: (path as NSString).lastPathComponent, plugin: nil, operation: "be used",
                failure: .notRunnable(why))
        }
        guard let kind = FileKind(of: path, followingLinks: true) else {
            throw failure("'\(path)': \(String(cString: strerror(errno)))")
        }
        guard kind.isFile else { throw failure("'\(path)' is not a file") }
        guard !kind.isWritableByAll else { throw failure("anyone may change '\(path)'") }
        let directory = (path as NSString).deletingLastPathComponent
        if let place = FileKind(of: directory.isEmpty ? "." : directory, followingLinks: true) {
            // As in /tmp, the sticky bit keeps others from putting their file in its place.
            guard !place.isWritableByAll || place.isSticky else { throw failure("anyone may change '\(directory)'") }
        }
        guard access(path, X_OK) == 0 else { throw failure("'\(path)' is not executable") }
    }

    /// The programs in a directory, by name; nothing when there is no such directory. Files that are hidden or not
    /// executable are none.
    ///
    /// - Throws: an error of the file system when the directory is there and cannot be read.
    static func all(in directory: String) throws -> [String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue else {
            return []
        }
        return try FileManager.default.contentsOfDirectory(atPath: directory).sorted().compactMap { name in
            guard !name.hasPrefix(".") else { return nil }
            let path = (directory as NSString).appendingPathComponent(name)
            guard let kind = FileKind(of: path, followingLinks: true) else { return nil }
            return kind.isFile && kind.isExecutable ? path : nil
        }
    }
}
