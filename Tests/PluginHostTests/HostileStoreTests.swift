import Foundation
import GodwitPluginAPI
import PluginHost
import Streams
import Synchronization
import Testing

/// Stores that go wrong.
@Suite struct HostileStoreTests {
    private func withStore(
        _ behaviour: String, _ body: @Sendable (any ObjectStore) async throws -> Void
    ) async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: behaviour)
        try await withHost(of: programs) { options in
            if ["stalling-stream", "stops-reading"].contains(behaviour) { options.limits.idle = .seconds(3) }
            options.limits.object = 8 << 20
        } _: { host in
            let loaded = try await host.load([.objectStore])
            let provider = try #require(loaded.objectStores.first, "\(loaded.failures)")
            let location = try StorageLocation(parsing: "plugin://example.com/store/bucket/prefix")
            let opened = try await provider.open(location)
            #expect(opened.prefix == "prefix/")
            try await body(opened.store)
        }
    }

    private func expectFailure(
        _ words: String..., body: () async throws -> Void
    ) async throws {
        do {
            try await body()
            Issue.record("no error")
        } catch let error as ObjectStoreError {
            for word in words { #expect("\(error)".contains(word), "\(error)") }
        }
    }

    @Test(arguments: [
        ("endless-stream", "an object of more than 8388608 bytes"), ("stalling-stream", "made no progress for 3 s"),
        ("dies-in-stream", "it died (signal 9)"), ("breaks-stream", "the disk is on fire"),
        ("godwit-empty-stream", "it sent nothing"), ("godwit-no-info", "does not say what it gives"),
        ("godwit-negative-size", "it says that 'key' has -1 bytes"),
        ("godwit-short-stream", "sent another number of bytes than it said"),
        ("godwit-long-stream", "sent another number of bytes than it said"),
    ])
    func reading(behaviour: String, word: String) async throws {
        try await withStore(behaviour) { store in
            try await expectFailure(word) {
                _ = try await store.get("key", range: nil).body.collect(upTo: 1 << 30)
            }
        }
    }

    @Test(arguments: [
        ("stops-reading", "made no progress for 3 s"), ("dies-in-put", "it died (signal 9)"),
        ("godwit-lying-put", "it stored 19999999 bytes of 20000000"),
    ])
    func writing(behaviour: String, word: String) async throws {
        try await withStore(behaviour) { store in
            try await expectFailure(word) {
                try await store.put(
                    "key", .bytes([UInt8](repeating: 1, count: 20_000_000)), options: PutOptions())
            }
        }
    }

    /// What the program says or does is the error, not that the body was waited for meanwhile.
    @Test(arguments: [
        ("dies-in-put", "it died (signal 9)"), ("refuses-put", "not on my shelf"),
        ("godwit-refuses-put", "not on my shelf"),
    ])
    func writingWhatIsWaitedFor(behaviour: String, word: String) async throws {
        try await withStore(behaviour) { store in
            let pieces = Mutex(1)
            let body = ByteStream {
                let isFirst = pieces.withLock { pieces in
                    defer { pieces = 0 }
                    return pieces == 1
                }
                if !isFirst { try await Task.sleep(for: .seconds(1000)) }
                return [1, 2, 3]
            }
            try await expectFailure(word) {
                try await store.put("key", .stream(body, length: nil), options: PutOptions())
            }
        }
    }

    /// An interruption does not wait for a program that takes its time.
    @Test func openingCanBeInterrupted() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "hangs-in-configuration")
        try await withHost(of: programs) { host in
            let provider = try #require(try await host.load([.objectStore]).objectStores.first)
            let opening = Task {
                try await provider.open(StorageLocation(parsing: "plugin://example.com/store/bucket"))
            }
            try await Task.sleep(for: .milliseconds(300))
            opening.cancel()
            await #expect(throws: CancellationError.self) { _ = try await opening.value }
        }
    }

    @Test(arguments: ["godwit-lists-no-sizes", "godwit-lying-put"])
    func whetherListingsSaySizesIsKnown(behaviour: String) async throws {
        try await withStore(behaviour) { store in
            #expect(store.capabilities.listedSizes == (behaviour != "godwit-lists-no-sizes"))
        }
    }

    /// What a run rewrites itself is not to be kept, and what is kept is told.
    @Test(arguments: [true, false]) func whatIsKeptIsKnownOnBothSides(isShortLived: Bool) async throws {
        try await withStore("godwit-keeps") { store in
            try await store.put("key", .bytes([1]), options: PutOptions(isShortLived: isShortLived))
            #expect(try await store.stat("key")?.isLocked == !isShortLived)
        }
    }

    @Test func keysThatNobodyAskedForArePassedOver() async throws {
        try await withStore("foreign-keys") { store in
            let page = try await store.list(ListRequest(prefix: "p/"))
            #expect(page.objects.map(\.key) == ["p/a", "p/b"])
        }
    }

    @Test(arguments: [
        ("godwit-foreign-keys", "keys that were not asked for"), ("godwit-endless-pages", "its pages have no end"),
        ("godwit-circling-pages", "its pages have no end"),
        ("godwit-huge-sizes", "it says that 'p/a' has 9223372036854775807 bytes"),
    ])
    func listing(behaviour: String, word: String) async throws {
        try await withStore(behaviour) { store in
            try await expectFailure(word) {
                try await store.forEachPage(ListRequest(prefix: "p/")) { _ in }
            }
        }
    }

    @Test func aConfigurationThatIsRefusedSaysWhy() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "refuses-configuration")
        try await withHost(of: programs) { host in
            let provider = try #require(try await host.load([.objectStore]).objectStores.first)
            try await expectFailure("unknown key 'colour'") {
                _ = try await provider.open(StorageLocation(parsing: "plugin://example.com/store/bucket?colour=red"))
            }
        }
    }
}
