import FilesystemObjectStore
import Foundation
import GodwitPluginAPI
import GodwitTestKit
import Testing

@Suite struct ContractTests {
    private static let checks = ObjectStoreContract.checks.map(\.name)

    @Test(arguments: checks) func memory(check: String) async throws {
        let store = MemoryObjectStore()
        try await expectHeld(check, ContractSubject(prefix: "contract/") { store })
    }

    @Test(arguments: checks) func filesystem(check: String) async throws {
        let directory = try TemporaryDirectory()
        let root = directory.path
        let subject = ContractSubject(prefix: "contract/") { FilesystemObjectStore(root: root) }
        try await expectHeld(check, subject)
        // Nothing is left but the folder for unfinished files, and that is empty.
        let left = try FileManager.default.contentsOfDirectory(atPath: root)
        #expect(left.allSatisfy { $0 == ".godwit-tmp" })
        let unfinished = try? FileManager.default.contentsOfDirectory(atPath: root + "/.godwit-tmp")
        #expect(unfinished ?? [] == [])
    }
}

/// Runs a check and records what is not as promised.
func expectHeld(_ name: String, _ subject: ContractSubject) async throws {
    let check = try #require(ObjectStoreContract.check(named: name))
    let outcome = await check.run(subject)
    if case .failed(let why) = outcome { Issue.record("\(name): \(why)") }
}

/// A directory that is removed with its last reference.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/godwit-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
