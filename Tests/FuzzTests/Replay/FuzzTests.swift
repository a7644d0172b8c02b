import Foundation
import Testing

/// The corpus that libFuzzer found, and a minute of seeded mutations of it, through the same harnesses.
///
/// GODWIT_FUZZ_SECONDS sets the time for all harnesses together, GODWIT_FUZZ_SEED another seed than 1. Should an input
/// end the process, it is the content of `godwit-fuzz-<harness>` in the temporary folder.
@Suite(.serialized) struct FuzzTests {
    private static let names = Harness.all.map(\.name)
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["GODWIT_FUZZ_SECONDS"].flatMap(Double.init) ?? 60
    private static let seed = environment["GODWIT_FUZZ_SEED"].flatMap(UInt64.init) ?? 1

    @Test func everyHarnessHasItsCorpus() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.corpus)
        #expect(Set(files) == Set(Self.names.map { $0 + ".txt" }))
        #expect(Set(Self.names).count == Self.names.count)
    }

    @Test(arguments: names) func corpusAndMutations(name: String) async throws {
        let harness = try #require(Harness.named(name))
        let stored = try harness.stored(in: Self.corpus)
        #expect(!stored.isEmpty, "no corpus of \(name)")
        let outcome = try await onThread {
            try Self.run(harness, stored: stored)
        }
        for finding in outcome.findings { Issue.record("\(finding)") }
        #expect(outcome.runs >= stored.count)
    }

    /// The findings, and how many inputs were run.
    private static func run(
        _ harness: Harness, stored: [[UInt8]]
    ) throws -> (findings: [String], runs: Int) {
        let last = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("godwit-fuzz-\(harness.name)")
        try Data().write(to: last)
        let trace = try FileHandle(forWritingTo: last)
        defer {
            try? trace.close()
            try? FileManager.default.removeItem(at: last)
        }
        var findings: [String] = []
        var runs = 0
        func run(_ input: [UInt8], _ origin: String) throws {
            try trace.truncate(atOffset: 0)
            try trace.write(contentsOf: input)
            runs += 1
            do { try harness.run(input) } catch {
                findings.append("\(harness.name), \(origin): \(error)\n\(Data(input).base64EncodedString())")
            }
        }
        let seeds = try harness.seeds()
        for seed in seeds { try run(seed, "a seed") }
        for (number, input) in stored.enumerated() { try run(input, "line \(number + 1) of the corpus") }
        var mutations = Mutations(
            of: seeds + stored, limit: harness.maximumLength, seed: Self.seed)
        let end = ContinuousClock.now + .seconds(Self.seconds / Double(Harness.all.count))
        while ContinuousClock.now < end, findings.count < 3 { try run(mutations.next(), "mutation \(runs)") }
        return (findings, runs)
    }

    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Corpus").path

    /// Harnesses block, so they run on a thread of their own.
    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try work() }) }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}
