import Foundation
import GodwitModel
import GodwitPluginAPI
@testable import GodwitTestKit
@testable import PluginHost
import ProgramTestKit
import Streams
import Testing

/// A program written as those for Velero are, in Go over go-plugin and Go's gRPC, is a plugin as it is.
@Suite struct GoProgramTests {
    private static let backup = Backup(name: "b")

    private static func programs() async throws -> Programs {
        let programs = try Programs()
        try FileManager.default.createSymbolicLink(
            atPath: programs.directory + "/go-plugin", withDestinationPath: try await GoPlugin.program())
        return programs
    }

    private static func item(
        _ kind: String, _ name: String, _ annotations: [String: String] = [:]
    ) -> KubernetesObject {
        var item = KubernetesObject([
            "apiVersion": "v1", "kind": .string(kind), "metadata": ["name": .string(name), "namespace": "shop"],
        ])
        item.annotations = annotations
        return item
    }

    // MARK: - Contracts

    @Test(arguments: ObjectStoreContract.checks.map(\.name)) func storeKeepsItsPromises(check: String) async throws {
        let programs = try await Self.programs()
        try await expectStoreHeld(
            check, "plugin://example.com/go-shelf/bucket?root=\(programs.directory)/.root", in: programs)
    }

    /// All but one: Velero's protocol has no code by which a plugin could say that a volume is none of its own.
    @Test(arguments: VolumeSnapshotterContract.checks.map(\.name).filter { $0 != "volume.unsuited" })
    func snapshotterKeepsItsPromises(check: String) async throws {
        try await expectVaultHeld(check, in: try await Self.programs()) { root, snapshot in
            let text = try String(contentsOfFile: "\(root)/.snapshots/\(snapshot)/tags.json", encoding: .utf8)
            return try JSONValue(parsing: text).object?.compactMapValues(\.string) ?? [:]
        }
    }

    @Test func aVolumeOfAnotherStorageIsRefused() async throws {
        let programs = try await Self.programs()
        try await withHost(of: programs) { host in
            let provider = try #require(try await host.load([.volumeSnapshotter]).volumeSnapshotters.first)
            let vault = try await provider.open(["root": programs.directory])
            let volume = KubernetesObject([
                "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": "foreign"],
                "spec": ["nfs": ["server": "192.0.2.1", "path": "/export"]],
            ])
            let error = try await #require(throws: VolumeSnapshotError.self) {
                try await vault.setVolumeID("volume-1", of: volume)
            }
            #expect(error.kind == .other(code: "unknown"))
            #expect("\(error)".contains(#""foreign" is no hostPath volume"#), "\(error)")
            #expect(try await vault.volumeID(of: volume) == nil)
        }
    }

    @Test func actionsKeepTheirPromises() async throws {
        try await withHost(of: try await Self.programs()) { host in
            let loaded = try await host.load(Set(PluginKind.allCases))
            #expect(loaded.failures.isEmpty, "\(loaded.failures)")
            #expect(loaded.objectStores.map(\.name) == ["example.com/go-shelf"])
            #expect(loaded.volumeSnapshotters.map(\.name) == ["example.com/go-vault"])
            #expect(
                loaded.backupItemActions.map(\.name).sorted()
                    == ["example.com/go-copy", "example.com/go-mark", "example.com/go-refuse"])
            // What refuses everything keeps no promise but to go on.
            for action in loaded.backupItemActions where action.name != "example.com/go-refuse" {
                await expectAllHeld(BackupItemActionContract.checks(action), action.name)
            }
            #expect(
                loaded.restoreItemActions.map(\.name).sorted() == ["example.com/go-settle", "example.com/go-suspend"])
            for action in loaded.restoreItemActions {
                await expectAllHeld(RestoreItemActionContract.checks(action), action.name)
            }
            let forget = try #require(loaded.deleteItemActions.first)
            await expectAllHeld(OtherItemActionContract.checks(forget), forget.name)
            let together = try #require(loaded.itemBlockActions.first)
            await expectAllHeld(OtherItemActionContract.checks(together), together.name)
        }
    }

    // MARK: - Items and operations

    private func withActions(
        log: LogBook = LogBook(), _ body: @Sendable (LoadedPlugins) async throws -> Void
    ) async throws {
        try await withHost(of: try await Self.programs(), log: log) {
            $0.logLevel = "debug"
        } _: { host in
            try await body(try await host.load([.backupItemAction, .backupItemActionV2, .itemBlockAction]))
        }
    }

    @Test func companionsAreNamed() async throws {
        try await withActions { loaded in
            let companions = ["one", "two"].map {
                ItemIdentity(resource: GroupResource(resource: "configmaps"), namespace: "shop", name: $0)
            }
            let mark = try #require(loaded.backupItemActions.first { $0.name == "example.com/go-mark" })
            let item = Self.item("ConfigMap", "settings", ["example.com/with": "one two"])
            let outcome = try await mark.execute(item, backup: Self.backup)
            #expect(outcome.item?.annotations["example.com/go-mark"] == "b")
            #expect(outcome.additionalItems == companions)
            let together = try #require(loaded.itemBlockActions.first)
            let pod = Self.item("Pod", "web", ["example.com/with": "one two"])
            #expect(try await together.relatedItems(of: pod, backup: Self.backup) == companions)
        }
    }

    @Test func anOperationIsFollowed() async throws {
        try await withActions { loaded in
            let copy = try #require(
                loaded.backupItemActions.first { $0.name == "example.com/go-copy" } as? any OperatingBackupItemAction)
            let well = try #require(
                try await copy.begin(Self.item("PersistentVolumeClaim", "data"), backup: Self.backup).operation)
            for asked in 1...2 {
                let progress = try await copy.progress(of: well, backup: Self.backup)
                #expect(!progress.isCompleted && progress.completed == Int64(asked) && progress.total == 3)
                #expect(progress.units == "questions" && progress.description == "shop/data")
                #expect(try #require(progress.started) <= #require(progress.updated))
            }
            let end = try await copy.progress(of: well, backup: Self.backup)
            #expect(end.isCompleted && end.error == nil)

            let hanging = Self.item("PersistentVolumeClaim", "data", ["example.com/outcome": "hangs"])
            let stuck = try #require(try await copy.begin(hanging, backup: Self.backup).operation)
            for _ in 0..<5 { #expect(try await !copy.progress(of: stuck, backup: Self.backup).isCompleted) }
            try await copy.cancel(stuck, backup: Self.backup)
            #expect(try await copy.progress(of: stuck, backup: Self.backup).error == "it was cancelled")
        }
    }

    /// An answer that makes no sense leaves no operation behind that nobody waits for.
    @Test func anOperationOfAnAnswerThatIsRefusedIsCancelled() async throws {
        let log = LogBook()
        try await withHost(of: try await Self.programs(), log: log) {
            $0.logLevel = "debug"
        } _: { host in
            let loaded = try await host.load([.backupItemAction, .backupItemActionV2, .restoreItemActionV2])
            let copy = try #require(
                loaded.backupItemActions.first { $0.name == "example.com/go-copy" } as? any OperatingBackupItemAction)
            let settle = try #require(
                loaded.restoreItemActions.first { $0.name == "example.com/go-settle" }
                    as? any OperatingRestoreItemAction)
            for (outcome, fate) in [
                ("nameless", "was cancelled"), ("stubborn", "could not be cancelled and may go on: "),
            ] {
                let item = Self.item("PersistentVolumeClaim", "data", ["example.com/outcome": outcome])
                let atBackup = await #expect(throws: PluginError.self) {
                    _ = try await copy.begin(item, backup: Self.backup)
                }
                #expect(atBackup?.cause.contains("' \(fate)") == true, "\(String(describing: atBackup))")
                let atRestore = await #expect(throws: PluginError.self) {
                    _ = try await settle.begin(item, original: item, context: SampleItems.Context())
                }
                #expect(atRestore?.cause.contains("' \(fate)") == true, "\(String(describing: atRestore))")
            }
            let well = Self.item("PersistentVolumeClaim", "data", ["example.com/with": "one"])
            _ = try await copy.begin(well, backup: Self.backup)
        }
        #expect(log.lines.count { $0.message.contains("operation is cancelled") } == 2, "\(log.lines)")
    }

    // MARK: - Errors

    @Test func errorsTellWhereTheyCameFrom() async throws {
        let log = LogBook()
        try await withActions(log: log) { loaded in
            let refuse = try #require(loaded.backupItemActions.first { $0.name == "example.com/go-refuse" })
            for (name, reason, function) in [
                ("gold", "no quota for gold", "main.refuse.execute"),
                ("panic", "plugin panicked: assignment to entry in nil map", "main."),
            ] {
                let error = try await #require(throws: PluginError.self) {
                    try await refuse.execute(Self.item("ResourceQuota", name), backup: Self.backup)
                }
                guard case .refused(let code, reason, let stack) = error.failure else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(code == "unknown")
                #expect(stack.contains { $0.contains("goplugin/backup.go:") && $0.contains(function) }, "\(stack)")
            }
            // go-plugin takes what Go's gRPC takes by itself: 4 MiB.
            let mark = try #require(loaded.backupItemActions.first { $0.name == "example.com/go-mark" })
            let large = Self.item("ConfigMap", "large", ["text": String(repeating: "x", count: 5 << 20)])
            let error = try await #require(throws: PluginError.self) {
                try await mark.execute(large, backup: Self.backup)
            }
            #expect("\(error)".contains("larger than max"), "\(error)")
            _ = try await mark.execute(Self.item("ConfigMap", "small"), backup: Self.backup)
        }
        #expect(starts(in: log) == 1, "neither an error nor a panic ends the program")
    }

    /// How often the program was started.
    private func starts(in log: LogBook) -> Int {
        log.lines.count { $0.program == "go-plugin" && $0.level == .debug && $0.message.hasPrefix("starting") }
    }

    // MARK: - Connections

    /// Go's gRPC measures the bandwidth with a PING whenever data arrives. Who takes that for an attack ends the
    /// connection after some hundred items.
    @Test(arguments: [1, 16]) func aConnectionOutlivesThousandsOfItems(atOnce: Int) async throws {
        let log = LogBook()
        try await withActions(log: log) { loaded in
            let mark = try #require(loaded.backupItemActions.first { $0.name == "example.com/go-mark" })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<3000 {
                    if number >= atOnce { try await group.next() }
                    group.addTask {
                        let text = String(repeating: "\(number) ", count: 200)
                        let item = Self.item("ConfigMap", "m\(number)", ["text": text])
                        let marked = try await mark.execute(item, backup: Self.backup).item
                        #expect(marked?.name == "m\(number)")
                        #expect(marked?.annotations == ["text": text, "example.com/go-mark": "b"])
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(starts(in: log) == 1)
    }

    @Test func aConnectionOutlivesManyObjects() async throws {
        let programs = try await Self.programs()
        let log = LogBook()
        try await withHost(of: programs, log: log) {
            $0.logLevel = "debug"
        } _: { host in
            let provider = try #require(try await host.load([.objectStore]).objectStores.first)
            let location = "plugin://example.com/go-shelf/bucket?root=\(programs.directory)/.root"
            let store = try await provider.open(StorageLocation(parsing: location)).store
            for number in 0..<300 {
                let content = (0..<100_003).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ number) }
                try await store.put("o\(number)", .bytes(content), options: PutOptions())
                let read = try await store.get("o\(number)", range: nil).body.collect(upTo: content.count)
                #expect(read == content)
            }
            // One of many messages: the pieces of Go's programs are of 16 KiB.
            let block = (0..<1_048_573).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 12) }
            let large = Array(repeatElement(block, count: 16).joined())
            try await store.put("large", .bytes(large), options: PutOptions())
            #expect(try await store.get("large", range: nil).body.collect(upTo: large.count) == large)
        }
        #expect(starts(in: log) == 1)
    }
}
