import Foundation
import GodwitEngine
import GodwitPluginAPI
import GodwitTestKit
import HTTPTransport
import ProgramTestKit
import Streams
import Testing

@testable import AzureObjectStore
@testable import GCSObjectStore

@Suite(.enabled(if: Cloud.areThere, "needs the testbed")) struct CloudContractTests {
    private static let checks = ObjectStoreContract.checks.map(\.name)

    @Test(arguments: Cloud.allCases, checks) func contract(cloud: Cloud, check: String) async throws {
        let subject = cloud.subject(S3Server.prefix("contract")) { try cloud.store() }
        try await expectHeld(check, subject)
    }

    @Test(arguments: Cloud.allCases, checks) func wrapped(cloud: Cloud, check: String) async throws {
        let subject = cloud.subject(S3Server.prefix("contract")) {
            try ObjectStoreStack.make(try cloud.store(), prefix: "store-tests/ünd+so weiter")
        }
        try await expectHeld(check, subject.shorterKeys(by: "store-tests/ünd+so weiter/"))
    }

    /// The vendors' own SDKs and the emulators agree, so what passes here passes for what they know.
    @Test(arguments: Cloud.allCases) func theSDKAgreesWithTheEmulator(cloud: Cloud) async throws {
        let output = try await sdk(cloud)
        #expect(output.contains("agree"), "\(output)")
    }

    @Test(arguments: Cloud.allCases) func theSDKAndTheStoreReadEachOther(cloud: Cloud) async throws {
        let store = try cloud.store(["part-size": "1MiB"])
        let prefix = "store-tests/sdk-\(UUID().uuidString)"
        let large = Cloud.pattern(11 << 20)
        try await store.put("\(prefix)/ours-small", .bytes(Cloud.pattern(5)), options: PutOptions())
        try await store.put("\(prefix)/ours-large", .stream(ByteStream(large), length: nil), options: PutOptions())
        let listed = try await sdk(cloud, prefix).split(separator: "\n").map(String.init)
        #expect(listed == ["ours-large", "ours-small", "theirs"].map { "\(prefix)/\($0)" })
        let theirs = Array(large.prefix(10 << 20))
        #expect(try await store.get("\(prefix)/theirs", range: nil).body.collect(upTo: large.count) == theirs)
        let range: Range<Int64> = 5_000_000..<9_500_000
        let part = try await store.get("\(prefix)/theirs", range: range).body.collect(upTo: large.count)
        #expect(part == Array(theirs[5_000_000..<9_500_000]))
        try await store.delete(listed)
    }

    /// More keys than ten pages hold, in the order of their bytes.
    @Test(arguments: Cloud.allCases) func tenThousandKeys(cloud: Cloud) async throws {
        let store = try cloud.store()
        let prefix = S3Server.prefix("many")
        let keys = (0..<10_500).map { "\(prefix)\(String($0 % 97))/\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, key) in keys.enumerated() {
                if index >= 32 { try await group.next() }
                group.addTask { try await store.put(key, .bytes([]), options: PutOptions()) }
            }
            try await group.waitForAll()
        }
        var listed: [String] = []
        var pages = 0
        try await store.forEachPage(ListRequest(prefix: prefix)) { page in
            pages += 1
            listed += page.objects.map(\.key)
        }
        #expect(pages == 11)
        #expect(listed == keys.sorted(by: ObjectKey.precedes))
        var folders: [String] = []
        try await store.forEachPage(ListRequest(prefix: prefix, delimiter: "/", pageSize: 10)) {
            folders += $0.commonPrefixes
        }
        #expect(folders.count == 97)
        try await store.delete(keys)
        #expect(try await store.list(ListRequest(prefix: prefix)).objects.isEmpty)
    }

    private func sdk(_ cloud: Cloud, _ arguments: String...) async throws -> String {
        let python = try #require(ProcessInfo.processInfo.environment["GODWIT_TEST_CLOUDS_PYTHON"])
        let script = Checkout.path("scripts/testbed.d/clouds/prove-\(cloud.testDescription).py")
        let all = ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("GODWIT_TEST_") }
        let workspace = try Workspace(all)
        let run = try await workspace.start(program: python, ["-B", script] + arguments).wait()
        try #require(run.status == 0, "\(run)")
        return run.output
    }
}
