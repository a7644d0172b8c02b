import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Synchronization
import Testing

@testable import GodwitEngine

@Suite("Exports tell what they could not copy")
struct BackupExportTests {
    private func export(
        _ store: MemoryObjectStore, to target: MemoryObjectStore, format: BackupFormat
    ) async throws -> (report: BackupReport, told: [String]) {
        let told = Mutex<[String]>([])
        let report = try await BackupExporter(from: BackupCatalog(store: store), to: BackupCatalog(store: target))
            .export("b", format: format) { event in
                if case .log(let line) = event, line.level == .warning || line.level == .error {
                    told.withLock { $0.append(line.message) }
                }
            }
        return (report, told.withLock { $0 })
    }

    /// The warning of the one thing that went wrong: told, in the report, and kept with the copy.
    private func onlyWarning(
        _ report: BackupReport, _ told: [String], in target: MemoryObjectStore
    ) async throws -> String {
        let catalog = BackupCatalog(store: target)
        let stored = try await catalog.backup(named: "b")
        #expect(stored.backup.status.warnings == 1)
        #expect(stored.backup.status.phase == .completed)
        let kept = try await catalog.results(of: stored).warnings.general
        #expect(kept == told && kept == report.results.warnings.general)
        return try #require(kept.first)
    }

    @Test("a log that is there goes along, and nobody is warned", arguments: BackupFormat.allCases)
    func whole(format: BackupFormat) async throws {
        let (store, target) = (MemoryObjectStore(), MemoryObjectStore())
        _ = try await backUp(SourceFake.shop(), to: store)
        let (report, told) = try await export(store, to: target, format: format)
        #expect(told.isEmpty && report.results == ResultSet())
        let (source, copy) = (BackupCatalog(store: store), BackupCatalog(store: target))
        let original = try await source.logs(of: source.backup(named: "b")).collect(upTo: 1 << 20)
        #expect(try await copy.logs(of: copy.backup(named: "b")).collect(upTo: 1 << 20) == original)
    }

    @Test("a backup that never had a log loses nothing, and that is said")
    func missing() async throws {
        let (store, target) = (MemoryObjectStore(), MemoryObjectStore())
        _ = try await backUp(SourceFake.shop(), to: store, format: .velero)
        try await store.delete(["backups/b/b-logs.gz"])
        let source = BackupCatalog(store: store)
        let error = await #expect(throws: BackupStorageError.self) {
            _ = try await source.logs(of: source.backup(named: "b"))
        }
        #expect(error?.kind == .notFound)
        let (report, told) = try await export(store, to: target, format: .godwit)
        #expect(try await onlyWarning(report, told, in: target).hasPrefix("the backup has no log"))
        // The copy's own log tells why there is no other.
        let copy = BackupCatalog(store: target)
        let log = try await copy.logs(of: copy.backup(named: "b")).collect(upTo: 1 << 20)
        #expect(String(decoding: log, as: UTF8.self).contains("the backup has no log"))
    }

    @Test("a log that is damaged or gone is missing in the copy, which says why", arguments: [true, false])
    func damaged(isThere: Bool) async throws {
        let (store, target) = (MemoryObjectStore(), MemoryObjectStore())
        _ = try await backUp(SourceFake.shop(), to: store)
        let key = "backups/b/b-logs.ndjson.zst"
        if isThere {
            var log = try await bytes(key, in: store)
            log[log.count / 2] ^= 0x20
            _ = try await store.put(key, .bytes(log), options: PutOptions())
        } else {
            try await store.delete([key])
        }
        let (report, told) = try await export(store, to: target, format: .velero)
        let warning = try await onlyWarning(report, told, in: target)
        #expect(warning.hasPrefix("the log of the backup cannot be read"))
        #expect(warning.contains(isThere ? "checksum" : "is missing") || warning.contains("damaged"))
        #expect(try await identities(in: target).count == identities(in: store).count)
    }
}
