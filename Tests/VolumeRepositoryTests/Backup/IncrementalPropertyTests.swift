import Foundation
import Glibc
import GodwitTestKit
import Testing

@testable import VolumeRepository

/// A directory is changed at random and backed up, again and again: each snapshot is what the directory was, whatever the
/// backup took over from the snapshot before.
@Suite struct IncrementalPropertyTests {
    @Test(arguments: 1...8) func everySnapshotIsWhatWasThere(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let site = try await Site(password: seed.isMultiple(of: 4) ? "a long password" : nil)
        var changes = RandomChanges(root: site.root)
        var copies: [(StoredSnapshot, TemporaryDirectory)] = []
        for _ in 0..<5 {
            for _ in 0..<Int.random(in: 1...25, using: &random) { try changes.change(&random) }
            let (snapshot, summary) = try await site.backUp()
            #expect(summary.problems == 0)
            let copy = try TemporaryDirectory()
            try changes.copy(to: copy.sub("tree"))
            copies.append((snapshot, copy))
        }
        for (snapshot, copy) in copies {
            let reader = try await site.repository.makeReader()
            var options = RestoreOptions()
            options.synchronizes = false
            let restorer = Restorer(chunks: snapshot.snapshot.tree, from: reader, options: options)
            #expect(try await restorer.restore(to: copy.sub("out")).failures == [])
            await reader.close()
            #expect(try TreeComparison.differences(between: copy.sub("tree"), and: copy.sub("out")) == [])
        }
        var options = CheckOptions()
        options.readData = 1
        #expect(try await site.repository.check(options).problems == [])
    }
}

/// Makes, changes, moves and removes files and directories.
private struct RandomChanges {
    let root: String
    private var files: [String] = []
    private var folders = [""]
    private var next = 0

    init(root: String) { self.root = root }

    mutating func change(_ random: inout SeededGenerator) throws {
        switch Int.random(in: 0..<14, using: &random) {
        case 0...3: try write(newName(&random), size: Int.random(in: 0...6000, using: &random), &random)
        case 4: try write(newName(&random), size: Int.random(in: 250_000...1_400_000, using: &random), &random)
        case 5:
            folders.append(newName(&random))
            try FileManager.default.createDirectory(
                atPath: path(folders[folders.count - 1]), withIntermediateDirectories: true)
        case 6: try removeFile(&random)
        case 7: try moveFolder(&random)
        case 8: try changeInPlace(&random)
        case 9: try link(&random)
        case 10:
            guard let file = files.randomElement(using: &random) else { return }
            try write(file, size: Int.random(in: 0...3000, using: &random), &random)
        default: try changeMetadata(&random)
        }
    }

    func copy(to other: String) throws {
        let copy = Process()
        copy.executableURL = URL(fileURLWithPath: "/bin/cp")
        copy.arguments = ["-a", root, other]
        try copy.run()
        copy.waitUntilExit()
        #expect(copy.terminationStatus == 0)
    }

    private func path(_ name: String) -> String { "\(root)/\(name)" }

    private mutating func newName(_ random: inout SeededGenerator) -> String {
        next += 1
        let folder = folders.randomElement(using: &random) ?? ""
        let name = "\(["a", "b-", "z.", "Ä"].randomElement(using: &random) ?? "a")\(next)"
        return folder.isEmpty ? name : "\(folder)/\(name)"
    }

    private mutating func write(_ name: String, size: Int, _ random: inout SeededGenerator) throws {
        let isNoise = Bool.random(using: &random)
        let content = isNoise ? noise(count: size, seed: random.next()) : [UInt8](repeating: 7, count: size)
        // Written anew, not in place: a further link keeps what it was.
        unlink(path(name))
        try Data(content).write(to: URL(fileURLWithPath: path(name)))
        if !files.contains(name) { files.append(name) }
    }

    private mutating func removeFile(_ random: inout SeededGenerator) throws {
        guard let index = files.indices.randomElement(using: &random) else { return }
        unlink(path(files.remove(at: index)))
    }

    private mutating func moveFolder(_ random: inout SeededGenerator) throws {
        guard let folder = folders.dropFirst().randomElement(using: &random) else { return }
        next += 1
        let target = "moved-\(next)"
        try FileManager.default.moveItem(atPath: path(folder), toPath: path(target))
        let rename = { (name: String) in
            name == folder || name.hasPrefix(folder + "/") ? target + name.dropFirst(folder.count) : name
        }
        folders = folders.map(rename)
        files = files.map(rename)
    }

    private func changeInPlace(_ random: inout SeededGenerator) throws {
        guard let name = files.randomElement(using: &random),
            let file = FileHandle(forUpdatingAtPath: path(name))
        else { return }
        let size = Int(try file.seekToEnd())
        switch Int.random(in: 0..<3, using: &random) {
        case 0: try file.write(contentsOf: noise(count: 700, seed: random.next()))
        case 1: try file.truncate(atOffset: UInt64(size / 2))
        default:
            try file.seek(toOffset: UInt64(Int.random(in: 0...size, using: &random)))
            try file.write(contentsOf: [1, 2, 3])
        }
        try file.close()
    }

    private mutating func link(_ random: inout SeededGenerator) throws {
        guard let file = files.randomElement(using: &random) else { return }
        let name = newName(&random)
        if Bool.random(using: &random) {
            #expect(Glibc.link(path(file), path(name)) == 0)
            files.append(name)
        } else {
            #expect(symlink(file, path(name)) == 0)
        }
    }

    private func changeMetadata(_ random: inout SeededGenerator) throws {
        guard let file = files.randomElement(using: &random) else { return }
        if Bool.random(using: &random) {
            #expect(chmod(path(file), [0o600, 0o644, 0o755].randomElement(using: &random) ?? 0o644) == 0)
        } else {
            let moment = timespec(tv_sec: Int.random(in: 0...2_000_000_000, using: &random), tv_nsec: 5)
            #expect(utimensat(AT_FDCWD, path(file), [moment, moment], 0) == 0)
        }
    }
}
