import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Testing

@testable import GodwitEngine

@Suite("Stores that fail at every call in turn")
struct FaultyStoreTests {
    static let faults: [FaultyObjectStore.Fault] = [
        .error(.unavailable), .error(.outOfSpace), .lostAnswer(.connection), .truncatedBody(afterBytes: 10),
    ]

    @Test("a backup is made or ends with a clear error; no half one is listed; the next run works", arguments: 0..<4)
    func backup(fault: Int) async throws {
        let probe = FaultyObjectStore(MemoryObjectStore()) { _, _ in nil }
        _ = try await backUp(SourceFake.shop(), to: probe)
        for call in 0..<probe.callCount {
            for format in BackupFormat.allCases {
                let inner = MemoryObjectStore()
                let faulty = FaultyObjectStore(inner, Self.faults[fault], atCall: call)
                let catalog = BackupCatalog(store: inner)
                do {
                    _ = try await backUp(SourceFake.shop(), to: faulty, format: format)
                } catch {
                    #expect(error is any AdvisedError, "\(error)")
                }
                for listing in try await catalog.backups() {
                    let report = try await BackupVerifier(catalog: catalog).verify(listing.name, details: true)
                    #expect(report.isWhole, "call \(call) \(faulty.callLog): \(report.damages)")
                }
                if try await catalog.backupNames().isEmpty {
                    let report = try await backUp(SourceFake.shop(), to: inner, format: format)
                    #expect(report.backup.status.phase == .completed)
                }
                #expect(try await BackupVerifier(catalog: catalog).verify("b", details: true).isWhole)
                #expect(try await catalog.leftovers().isEmpty)
            }
        }
    }

    @Test("reading from a store that fails gives an error, never a wrong item", arguments: BackupFormat.allCases)
    func reading(format: BackupFormat) async throws {
        let inner = MemoryObjectStore()
        _ = try await backUp(SourceFake.shop(), to: inner, format: format)
        let expected = try await contents(in: inner).map(\.text)
        let probe = FaultyObjectStore(inner) { _, _ in nil }
        _ = try await contents(in: probe)
        for call in 0..<probe.callCount {
            for fault in Self.faults {
                do {
                    let found = try await contents(in: FaultyObjectStore(inner, fault, atCall: call)).map(\.text)
                    #expect(found == expected)
                } catch {
                    #expect(error is any AdvisedError, "\(error)")
                }
            }
        }
    }
}
