import Foundation
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Testing
import VolumeRepository

/// Objects that somebody made to do harm.
@Suite struct HostileRepositoryTests {
    static let documents: [String] = [
        "", "{", "[]", "null", "\u{0}", "{\"format\":\"godwit-repository\"}",
        "{\"format\":\"godwit-repository\",\"version\":99999999999999999999}",
        "{\"format\":\"godwit-repository\",\"version\":1,\"hash\":\"md5\",\"encryption\":null}",
        "{\"format\":\"godwit-repository\",\"version\":1,\"hash\":\"blake2b-256\",\"encryption\":\"rot13\"}",
        "{\"format\":\"godwit-repository\",\"version\":1,\"hash\":\"blake2b-256\",\"encryption\":null,\"id\":\"../..\"}",
        String(repeating: "[", count: 100_000),
    ]

    @Test(arguments: documents) func configurationsThatAreNone(document: String) async throws {
        let store = MemoryObjectStore()
        _ = try await store.put("repository/config.json", .bytes(Array(document.utf8)), options: PutOptions())
        do {
            _ = try await Repository.open(store: store, credentials: nil)
            Issue.record("it was opened")
        } catch let error as RepositoryError {
            #expect(error.kind == .damaged || error.kind == .unsupported)
        }
    }

    @Test func aNewerVersionIsNamed() async throws {
        let site = try await TestRepository.make()
        let key = "repository/config.json"
        let text = String(decoding: try await site.store.get(key, range: nil).body.collect(upTo: 4096), as: UTF8.self)
        let newer = text.replacing("\"version\": 1", with: "\"version\": 2")
        #expect(newer != text)
        _ = try await site.store.put(key, .bytes(Array(newer.utf8)), options: PutOptions())
        await expect(.unsupported) { _ = try await Repository.open(store: site.store, credentials: nil) }
    }

    /// The cost of a key is what an attacker would raise to stop whoever opens the repository.
    @Test func keysThatAskForTooMuchAreNotTried() async throws {
        let site = try await TestRepository.make(password: "right")
        let key = try #require(try await site.keys(below: "repository/keys/").first)
        let text = String(decoding: try await site.store.get(key, range: nil).body.collect(upTo: 4096), as: UTF8.self)
        let costly = text.replacing("\"memory\": 8192", with: "\"memory\": 1099511627776")
        #expect(costly != text)
        _ = try await site.store.put(key, .bytes(Array(costly.utf8)), options: PutOptions())
        await expect(.wrongCredentials) {
            _ = try await Repository.open(store: site.store, credentials: .password("right"))
        }
    }

    /// An encrypted repository whose configuration says that it is not must not get anything in plain text.
    @Test func encryptionCannotBeTurnedOff() async throws {
        let site = try await TestRepository.make(password: "right")
        let plain = try await TestRepository.make()
        let key = "repository/config.json"
        let bytes = try await plain.store.get(key, range: nil).body.collect(upTo: 4096)
        _ = try await site.store.put(key, .bytes(bytes), options: PutOptions())
        await expect(.notEncrypted) {
            _ = try await Repository.openOrCreate(store: site.store, credentials: .password("right"))
        }
    }

    /// Random changes of text and of compressed bytes: nothing may crash, and nothing wrong may come out.
    @Test func randomObjects() async throws {
        var numbers = SeededGenerator(seed: 7)
        let contents = [[UInt8]].sample(10)
        for round in 0..<60 {
            let site = try await TestRepository.make()
            let snapshot = try await site.backUp(contents)
            let keys = try await site.keys().filter { $0 != "repository/config.json" }
            for _ in 0..<3 {
                let key = keys[Int.random(in: 0..<keys.count, using: &numbers)]
                var bytes = try await site.store.get(key, range: nil).body.collect(upTo: .max)
                if round.isMultiple(of: 2) {
                    bytes = numbers.bytes(Int.random(in: 0...2000, using: &numbers))
                } else {
                    for _ in 0..<20 {
                        bytes[Int.random(in: 0..<bytes.count, using: &numbers)] = UInt8.random(
                            in: 0...255, using: &numbers)
                    }
                }
                _ = try await site.store.put(key, .bytes(bytes), options: PutOptions())
            }
            _ = try await site.check()
            _ = try await site.repository.repair()
            if let restored = try? await site.restore(snapshot.snapshot) { #expect(restored == contents) }
        }
    }

    /// An index whose numbers cannot be, under its right name.
    @Test(arguments: ["4294967295,4294967295,1", "0,1,4294967295", "99999999999,1,1", "0,0,1", "-1,1,1", "1e3,1,1"])
    func indexesWithImpossibleNumbers(numbers: String) async throws {
        let site = try await TestRepository.make()
        let writer = try await site.repository.makeWriter()
        let digits = String(repeating: "a", count: 64)
        let text = Array(
            "{\"pack\":\"\(digits.prefix(32))\",\"size\":5000,\"chunks\":[[\"\(digits)\",\(numbers)]]}\n".utf8)
        let name = text.withUnsafeBytes { writer.id(of: $0) }
        await writer.discard()
        let frame = try await ByteStream(text).plainFrame()
        _ = try await site.store.put("repository/index/\(name).zst", .bytes(frame), options: PutOptions())
        let report = try await site.check()
        #expect(report.problems.map(\.subject) == ["repository/index/\(name).zst"])
        await expect(.damaged) { _ = try await site.prune() }
        #expect(try await site.repository.repair().removedIndexObjects.count == 1)
        #expect(try await site.check().isClean)
    }
}

extension ByteStream {
    /// The bytes in one zstd frame of one raw block, at most 255 bytes.
    fileprivate func plainFrame() async throws -> [UInt8] {
        let bytes = try await collect(upTo: 255)
        let header = bytes.count << 3 | 1
        return [0x28, 0xB5, 0x2F, 0xFD, 0x20, UInt8(bytes.count), UInt8(header & 255), UInt8(header >> 8), 0] + bytes
    }
}
