import FilesystemObjectStore
import Foundation
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import Streams
import Testing
import VolumeRepository

/// What is promised to those who have no Godwit: tar, zstd and b2sum read a repository without encryption.
@Suite struct OtherProgramsTests {
    @Test func packsAreTarsOfZstdFrames() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "godwit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let location = try StorageLocation(parsing: "file://\(folder.path)")
        let opened = try await FilesystemProvider().open(location)
        let site = try await TestRepository.make(try ObjectStoreStack.make(opened.store, prefix: opened.prefix))
        let contents = [[UInt8]].sample(20) + [[UInt8]].sample(2, seed: 5, upTo: 1 << 20)
        let snapshot = try await site.backUp(contents)
        #expect(try await site.restore(snapshot.snapshot) == contents)
        // Each chunk's content hashes to its name, and so do snapshots and index objects.
        let script = """
            set -e
            mkdir out
            for pack in repository/packs/*/*.tar; do tar xf "$pack" -C out; done
            cd out/chunks
            for chunk in *.zst; do
                test "$(zstd -dcq "$chunk" | b2sum -l 256 | cut -c 1-64)" = "${chunk%.zst}"
                echo "$chunk"
            done | wc -l
            cd ../../repository
            for file in snapshots/*.json; do
                test "$(b2sum -l 256 < "$file" | cut -c 1-64)" = "$(basename "$file" .json)"
            done
            for file in index/*.zst; do
                test "$(zstd -dcq "$file" | b2sum -l 256 | cut -c 1-64)" = "$(basename "$file" .zst)"
            done
            """
        let (status, output) = try await run(script, in: folder)
        #expect(status == 0)
        #expect(output.trimmingCharacters(in: .whitespacesAndNewlines) == "\(contents.count + 1)")
    }

    private func run(_ script: String, in folder: URL) async throws -> (Int32, String) {
        try await BlockingPool.shared.run {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", script]
            process.currentDirectoryURL = folder
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: output, as: UTF8.self))
        }
    }
}
