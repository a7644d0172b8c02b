import Foundation
import GodwitPluginAPI
import Streams
import Synchronization

extension ObjectStoreContract {
    static let atomicityChecks = [
        ContractCheck("atomic.readers", "Readers beside an overwrite see the old object or the new one, whole.") {
            run in
            // Every version is one byte repeated, its length tied to the byte.
            func version(_ number: Int) -> [UInt8] {
                [UInt8](repeating: UInt8(number), count: 200_000 + number * 1000)
            }
            try await run.put("a", version(0))
            try await withThrowingTaskGroup(of: Void.self) { group in
                let isDone = SharedFlag()
                group.addTask {
                    defer { isDone.set() }
                    for number in 1...20 { try await run.put("a", version(number)) }
                }
                for _ in 0..<4 {
                    group.addTask {
                        repeat {
                            guard let read = try await run.readUnlessChanged("a") else { continue }
                            let number = (read.bytes.count - 200_000) / 1000
                            try run.require(
                                (0...20).contains(number) && read.bytes == version(number)
                                    && read.info.size == Int64(read.bytes.count),
                                "a reader sees \(read.bytes.count) mixed bytes")
                        } while !isDone.isSet
                    }
                }
                try await group.waitForAll()
            }
        },
        ContractCheck("atomic.failing", "A put whose body fails leaves the old object and no leftovers.") { run in
            for size in [100, 12 << 20] {
                try await run.put("a", [1, 2, 3])
                let pattern = ContractPattern(seed: 7)
                let position = Mutex(0)
                let body = ByteStream {
                    let start = position.withLock { position in
                        defer { position += 100_000 }
                        return position
                    }
                    if start >= size { throw ContractBodyFailure() }
                    return pattern.bytes(at: start, count: min(100_000, size - start))
                }
                do {
                    try await run.store.put(run.key("a"), .stream(body, length: nil), options: PutOptions())
                    throw ContractViolation(why: "a put whose body fails after \(size) bytes succeeds")
                } catch is ContractBodyFailure {
                    // The body's own error, as it should be.
                }
                try run.require(try await run.read("a").bytes == [1, 2, 3], "the old object was harmed")
                try run.requireSame(try await run.list().keys, [run.key("a")], "listing")
            }
        },
        ContractCheck("atomic.cancelled", "A cancelled put ends, and leaves the old object and no leftovers.") { run in
            for size in [100, 12 << 20] {
                try await run.put("a", [1, 2, 3])
                try await cancelPut(run, after: size)
                try run.require(try await run.read("a").bytes == [1, 2, 3], "the old object was harmed")
                try run.requireSame(try await run.list().keys, [run.key("a")], "listing")
            }
        },
        ContractCheck("atomic.new", "A failed put of a new key leaves no object.") { run in
            do {
                try await run.store.put(
                    run.key("new/a"), .stream(ByteStream { throw ContractBodyFailure() }, length: nil),
                    options: PutOptions())
                throw ContractViolation(why: "a put whose body fails succeeds")
            } catch is ContractBodyFailure {
                // The body's own error, as it should be.
            }
            let stat = try await run.store.stat(run.key("new/a"))
            try run.require(stat == nil, "there is an object")
            try run.requireSame(try await run.list(delimiter: "/").prefixes, [], "common prefixes")
        },
        ContractCheck("absent.exists", "A put that asks for an absent key fails on an existing one.") { run in
            try await run.put("a", [1], ifAbsent: true)
            try await run.requireError(.alreadyExists, "the second put") { try await run.put("a", [2], ifAbsent: true) }
            try await run.requireError(.alreadyExists, "a streamed put") {
                try await run.store.put(
                    run.key("a"), .stream(ContractPattern(seed: 8).stream(count: 9 << 20), length: nil),
                    options: PutOptions(ifAbsent: true))
            }
            try run.require(try await run.read("a").bytes == [1], "the object was replaced")
            try await run.store.delete([run.key("a")])
            try await run.put("a", [3], ifAbsent: true)
            try run.require(try await run.read("a").bytes == [3], "the new object is not read back")
        },
        ContractCheck("absent.race", "Of many puts that ask for an absent key, exactly one wins.") { run in
            guard run.store.capabilities.conditionalPut else {
                throw ContractSkip(why: "the store does not claim conditional puts")
            }
            for round in 0..<5 {
                let winners = Mutex<[UInt8]>([])
                try await concurrently(Array(UInt8(0)..<12)) { number in
                    do {
                        try await run.put("a\(round)", [number], ifAbsent: true)
                        winners.withLock { $0.append(number) }
                    } catch let error as ObjectStoreError where error.kind == .alreadyExists {
                        return
                    }
                }
                let won = winners.withLock { $0 }
                try run.require(won.count == 1, "\(won.count) of 12 puts won")
                try run.require(try await run.read("a\(round)").bytes == won, "the object is not the winner's")
            }
        },
    ]

    static let optionalChecks = [
        ContractCheck("url.signed", "A signed URL gives the object to anyone.") { run in
            guard run.store.capabilities.signedURLs else {
                throw ContractSkip(why: "the store does not claim signed URLs")
            }
            try await run.put("with space+plus/ü", [1, 2, 3])
            let signed = try await run.store.signedURL(for: run.key("with space+plus/ü"), expiresIn: .seconds(600))
            guard let url = signed else {
                throw ContractViolation(why: "there is no URL although the store claims it")
            }
            guard let fetch = run.subject.fetch else { throw ContractSkip(why: "the caller brings no way to fetch") }
            let answer = try await fetch(url)
            try run.require(answer.status == 200, "fetching answers \(answer.status)")
            try run.require(answer.body == [1, 2, 3], "fetching gives other bytes")
        }
    ]

    private static func cancelPut(_ run: ContractRun, after size: Int) async throws {
        let started = BoundedChannel<Int>(limit: 1000) { _ in 1 }
        let pattern = ContractPattern(seed: 9)
        let position = Mutex(0)
        let body = ByteStream {
            let start = position.withLock { position in
                defer { position += 100_000 }
                return position
            }
            guard start >= size else { return pattern.bytes(at: start, count: min(100_000, size - start)) }
            started.finish()
            try await Task.sleep(for: .seconds(3600))
            return nil
        }
        let put = Task {
            try await run.store.put(run.key("a"), .stream(body, length: nil), options: PutOptions())
        }
        _ = try await started.next()
        put.cancel()
        do {
            _ = try await put.value
        } catch is CancellationError {
            return
        }
        throw ContractViolation(why: "a cancelled put succeeds")
    }
}

/// What a contract's body throws.
private struct ContractBodyFailure: Error {}

/// A flag between tasks.
private final class SharedFlag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
}
