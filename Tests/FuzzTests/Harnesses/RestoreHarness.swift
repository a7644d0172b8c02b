import Foundation
import Glibc

@testable import VolumeRepository

// A restore of whatever tree somebody made.
extension Harness {
    static let restores = [Harness(name: "restore", seeds: { [try HonestTree.bytes] }, run: restore)]

    private static func restore(_ tree: [UInt8]) throws {
        let place = try RestorePlace()
        defer { place.remove() }
        let target = place.target
        for deletesExtra in [false, true] {
            var options = RestoreOptions()
            options.extra = deletesExtra ? .delete : .keep
            options.rewrite = deletesExtra ? .differingContent : .differing
            options.synchronizes = false
            options.parallelism = 2
            let source = TreeAndAnyChunk(tree: tree)
            let restorer = Restorer(chunks: [HonestTree.chunk], from: source, options: options)
            // A tree that cannot be read on ends the restore; what counts is what it did until then.
            _ = try? waitFor { try await restorer.restore(to: target) }
            try place.requireUntouchedOutside()
        }
    }
}

/// Gives the tree first, and then the same content for any id: trees of any shape find their chunks.
private struct TreeAndAnyChunk: ChunkReading {
    let tree: [UInt8]

    func content(of id: ChunkID) async throws -> [UInt8] {
        id == HonestTree.chunk ? tree : Array(repeating: 7, count: 64)
    }
}

/// A target with things in it that lead out of it, beside files that nothing may touch.
private struct RestorePlace {
    let folder: String
    var target: String { "\(folder)/target" }

    init() throws {
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(base)/godwit-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Finding("no temporary folder: \(errno)") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard mkdir(target, 0o755) == 0, mkdir("\(folder)/outside", 0o700) == 0 else { throw Finding("no target") }
        try Data("untouched".utf8).write(to: URL(fileURLWithPath: "\(folder)/outside/file"))
        guard chmod("\(folder)/outside/file", 0o600) == 0 else { throw Finding("no mode") }
        // Links in the target that a tree may name as its directories and files.
        for name in ["dir", "ln", "a"] {
            guard symlink("../outside", "\(target)/\(name)") == 0 else { throw Finding("no link") }
        }
        guard symlink("../outside/file", "\(target)/f") == 0 else { throw Finding("no link") }
    }

    func requireUntouchedOutside() throws {
        let manager = FileManager.default
        guard let file = try? manager.attributesOfItem(atPath: "\(folder)/outside/file"),
            let outside = try? manager.attributesOfItem(atPath: "\(folder)/outside")
        else { throw Finding("a restore removed what is outside of its target") }
        let isFileSame =
            file[.type] as? FileAttributeType == .typeRegular && file[.posixPermissions] as? Int == 0o600
            && file[.referenceCount] as? Int == 1
        try require(isFileSame, "a restore changed a file outside")
        let isDirectorySame =
            outside[.type] as? FileAttributeType == .typeDirectory && outside[.posixPermissions] as? Int == 0o700
        try require(isDirectorySame, "a restore changed a directory outside")
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/outside")
        try require(names == ["file"], "a restore made something outside: \(names)")
        let all = try FileManager.default.contentsOfDirectory(atPath: folder)
        try require(Set(all) == ["outside", "target"], "a restore made something beside its target: \(all)")
        let content = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/outside/file"))
        try require(content == Data("untouched".utf8), "a restore wrote outside of its target")
    }

    /// Hostile modes and names are no reason to leave it behind.
    func remove() {
        try? FileManager.default.removeItem(atPath: folder)
    }
}
