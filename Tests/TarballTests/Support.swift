import Foundation
import GodwitTestKit
import Streams
import Tarball
import Testing

struct WrittenTarball {
    var bytes: [UInt8]
    var locations: [ContentLocation]
    var summary: TarballSummary
}

/// Writes a tarball into memory.
func write(
    _ entries: [TarballEntry], _ compression: TarballCompression = .zstd(),
    frames: FramePolicy = FramePolicy(), batch: Int = 7
) async throws -> WrittenTarball {
    let channel = BoundedChannel<[UInt8]>(limit: 256 << 10) { $0.count }
    let writer = try TarballWriter(compression: compression, framePolicy: frames, output: channel)
    async let bytes = ByteStream(channel).collect(upTo: 1 << 30)
    var locations: [ContentLocation] = []
    var rest = entries[...]
    while !rest.isEmpty {
        locations += try await writer.append(Array(rest.prefix(batch)))
        rest = rest.dropFirst(batch)
    }
    let summary = try await writer.finish()
    return WrittenTarball(bytes: try await bytes, locations: locations, summary: summary)
}

/// A stream of these bytes in pieces.
func stream(_ bytes: [UInt8], pieces: Int = 64 << 10) -> ByteStream {
    let source = PieceSource(bytes, pieces)
    return ByteStream { await source.next() }
}

actor PieceSource {
    private var rest: ArraySlice<UInt8>
    private let size: Int
    private(set) var given = 0

    init(_ bytes: [UInt8], _ size: Int) {
        rest = bytes[...]
        self.size = size
    }

    func next() -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        let piece = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
        given += piece.count
        return piece
    }
}

/// All entries of a tarball.
func read(
    _ bytes: [UInt8], limits: TarballLimits = TarballLimits(), pieces: Int = 64 << 10
) async throws -> [TarballReader.Entry] {
    var entries: [TarballReader.Entry] = []
    for try await entry in TarballReader(stream(bytes, pieces: pieces), limits: limits) { entries.append(entry) }
    return entries
}

/// The error that reading a tarball ends with, and the entries before it.
func readToError(
    _ bytes: [UInt8], limits: TarballLimits = TarballLimits()
) async -> (entries: [TarballReader.Entry], error: (any Error)?) {
    var entries: [TarballReader.Entry] = []
    do {
        for try await entry in TarballReader(stream(bytes), limits: limits) { entries.append(entry) }
        return (entries, nil)
    } catch {
        return (entries, error)
    }
}

extension TarballReader.Entry {
    /// The entry as it was given to a writer.
    var asWritten: TarballEntry { TarballEntry(path: path, content: content, modified: modified, mode: mode) }
}

/// Entries like those of a backup, and some that are as unlike as is legal.
func randomEntries(_ count: Int, using generator: inout SeededGenerator, largest: Int = 5000) -> [TarballEntry] {
    (0..<count).map { index in
        let size: Int =
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: 0
            case 1: 512 * Int.random(in: 1...4, using: &generator)
            case 2: 512 * Int.random(in: 1...4, using: &generator) - 1
            case 3: Int.random(in: 0...largest, using: &generator)
            default: Int.random(in: 0...600, using: &generator)
            }
        let isText = Bool.random(using: &generator)
        let content = (0..<size).map { _ in
            isText ? UInt8.random(in: 97...105, using: &generator) : UInt8.random(in: 0...255, using: &generator)
        }
        return TarballEntry(
            path: randomPath(index, using: &generator), content: content,
            modified: Int64.random(in: -10...5_000_000_000, using: &generator),
            mode: UInt16.random(in: 0...0o777, using: &generator))
    }
}

private func randomPath(_ index: Int, using generator: inout SeededGenerator) -> String {
    let components = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
        let length = Int.random(in: 1...(Int.random(in: 0..<8, using: &generator) == 0 ? 300 : 30), using: &generator)
        let alphabet: [Character] =
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: Array("aä漢🙂e\u{301}Ω")
            case 1: Array("abc:%@ =\\\"'*?[]{}~#\n\t")
            default: Array("abcdefghij-.0123456789")
            }
        return String((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
    }
    return (components + ["\(index)"]).map { "x\($0)" }.joined(separator: "/")
}

/// A directory that is removed with its last reference.
final class TemporaryDirectory: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "godwit-tarball-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = url.appending(path: name)
        try Data(bytes).write(to: file)
        return file.path
    }
}

struct ShellResult {
    var status: Int32
    var output: [UInt8]
    var errors: String

    var lines: [String] { String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init) }
}

/// Runs a shell script; `$1`... are the arguments.
func shell(_ script: String, _ arguments: [String] = [], in directory: TemporaryDirectory) async throws -> ShellResult {
    try await BlockingPool.shared.run {
        let output = directory.url.appending(path: "output-\(UUID().uuidString)")
        let errors = directory.url.appending(path: "errors-\(UUID().uuidString)")
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-o", "pipefail", "-c", script, "bash"] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        process.currentDirectoryURL = directory.url
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        return ShellResult(
            status: process.terminationStatus, output: [UInt8](try Data(contentsOf: output)),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }
}
