import FilesystemObjectStore
import Foundation
import GodwitEngine
import GodwitPluginAPI
import GodwitTestKit
import Streams
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

    @Test(.enabled(if: S3Server.areThere, "needs the testbed"), arguments: S3Server.allCases, checks)
    func s3(server: S3Server, check: String) async throws {
        let subject = ContractSubject(prefix: S3Server.prefix("contract"), fetch: S3Server.fetch) {
            let store = try server.store(["conditional-put": "true"])
            // moto answers 500 now and then when requests meet.
            return server == .moto ? RetryingObjectStore(store) : store
        }
        // moto routes a path that ends at the line feed.
        if server == .moto, check == "key.controls" { return }
        try await expectHeld(check, subject)
    }

    @Test(arguments: checks) func filesystemWrapped(check: String) async throws {
        let directory = try TemporaryDirectory()
        let root = directory.path
        let subject = ContractSubject(prefix: "contract/") {
            try ObjectStoreStack.make(FilesystemObjectStore(root: root), prefix: "/some/prefix/")
        }
        try await expectHeld(check, subject.shorterKeys(by: "some/prefix/"))
    }

    @Test(.enabled(if: S3Server.areThere, "needs the testbed"), arguments: checks)
    func s3Wrapped(check: String) async throws {
        let subject = ContractSubject(prefix: S3Server.prefix("contract"), fetch: S3Server.fetch) {
            try ObjectStoreStack.make(try S3Server.radosgw.store(), prefix: "store-tests/ünd+so weiter")
        }
        try await expectHeld(check, subject.shorterKeys(by: "store-tests/ünd+so weiter/"))
    }

    /// A store whose calls fail at first keeps all promises behind the wrappers.
    @Test(arguments: checks) func faultyWrapped(check: String) async throws {
        let memory = MemoryObjectStore()
        let subject = ContractSubject(prefix: "contract/") {
            let faulty = FaultyObjectStore(memory) { call, method in
                guard method != "put", call % 3 == 0 else { return nil }
                return call % 2 == 0 ? .error(.unavailable) : .truncatedBody(afterBytes: 70_000)
            }
            let retry = RetryPolicy(attempts: 20, base: .microseconds(10), cap: .milliseconds(1))
            return try ObjectStoreStack.make(faulty, retry: retry)
        }
        try await expectHeld(check, subject)
    }
}

/// Runs a check and records what is not as promised.
func expectHeld(_ name: String, _ subject: ContractSubject) async throws {
    let check = try #require(ObjectStoreContract.check(named: name))
    let outcome = await check.run(subject)
    if case .failed(let why) = outcome { Issue.record("\(name): \(why)") }
}

extension ContractSubject {
    /// For a store that puts a prefix in front of its keys.
    func shorterKeys(by prefix: String) -> ContractSubject {
        var subject = self
        subject.maximumKeyLength -= prefix.utf8.count
        return subject
    }
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
