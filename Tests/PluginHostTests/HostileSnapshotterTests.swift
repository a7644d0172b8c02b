import Foundation
import GodwitPluginAPI
import PluginHost
import Testing

/// Snapshotters whose answers nobody waits for any more, or that do not answer.
@Suite struct HostileSnapshotterTests {
    private func withSnapshotter(
        _ behaviour: String, _ body: (any VolumeSnapshotter, _ root: String) async throws -> Void
    ) async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: behaviour)
        let root = programs.directory + "/.made"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try await withHost(of: programs) { options in
            if behaviour == "hanging-snapshots" { options.limits.call = .seconds(3) }
        } _: { host in
            let loaded = try await host.load([.volumeSnapshotter])
            let provider = try #require(loaded.volumeSnapshotters.first, "\(loaded.failures)")
            try await body(try await provider.open(["root": root]), root)
        }
    }

    private func made(in root: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root) }

    /// Makes a call, and cancels it when the program has been asked and has not made anything yet.
    private func cancelled(
        in root: String, _ call: @escaping @Sendable () async throws -> String
    ) async throws -> String {
        let task = Task { try await call() }
        while !FileManager.default.fileExists(atPath: root + ".asked") {
            try await Task.sleep(for: .milliseconds(10))
        }
        task.cancel()
        #expect(FileManager.default.createFile(atPath: root + ".go", contents: nil))
        return try await task.value
    }

    @Test func aSnapshotThatNobodyWaitsForIsDeleted() async throws {
        try await withSnapshotter("slow-snapshots") { snapshotter, root in
            await #expect(throws: CancellationError.self) {
                _ = try await cancelled(in: root) {
                    try await snapshotter.createSnapshot(of: "volume", zone: nil, tags: [:])
                }
            }
            // It would have been made by now.
            try await Task.sleep(for: .seconds(1))
            #expect(try made(in: root) == [])
        }
    }

    @Test func aVolumeThatNobodyWaitsForIsNamed() async throws {
        try await withSnapshotter("slow-snapshots") { snapshotter, root in
            let error = await #expect(throws: VolumeSnapshotError.self) {
                _ = try await cancelled(in: root) {
                    try await snapshotter.createVolume(from: "s", like: VolumeInfo(), zone: nil)
                }
            }
            let volume = try #require(try made(in: root).first)
            #expect(error?.reason?.contains("'\(volume)'") == true, "\(String(describing: error))")
        }
    }

    @Test func aSnapshotWithoutAnAnswerMayExist() async throws {
        try await withSnapshotter("hanging-snapshots") { snapshotter, root in
            let error = await #expect(throws: VolumeSnapshotError.self) {
                _ = try await snapshotter.createSnapshot(
                    of: "volume", zone: nil, tags: ["velero.io/backup": "b", "velero.io/pv": "pv-1"])
            }
            let reason = error?.reason ?? ""
            #expect(reason.contains("did not answer within 3 s"), "\(reason)")
            #expect(reason.contains("may have been taken"), "\(reason)")
            #expect(reason.contains("velero.io/backup=b, velero.io/pv=pv-1"), "\(reason)")
            let left = try made(in: root)
            #expect(left.count == 1)
        }
    }
}
