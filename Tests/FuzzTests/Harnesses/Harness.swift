import Dispatch
import Foundation
import Synchronization

/// One parser of stored or received data, and what must hold whatever bytes it is given.
///
/// A harness must not trap, must not take memory or time out of proportion, and throws a ``Finding`` when what it read
/// contradicts itself. That a parser refuses its input is no finding.
struct Harness: Sendable {
    /// The name, which is that of its folder in the corpus.
    let name: String
    /// Inputs are at most so long.
    var maximumLength = 4096
    /// Honest inputs, written by the code that writes them in earnest: what mutations begin with.
    let seeds: @Sendable () throws -> [[UInt8]]
    /// Reads an input. Blocks, so it belongs on a thread of its own.
    let run: @Sendable ([UInt8]) throws -> Void

    /// All of them.
    static let all: [Harness] =
        repository + tree + restores + engine + cluster + formats + clouds + programs

    /// The one of a name.
    static func named(_ name: String) -> Harness? { all.first { $0.name == name } }

    /// The inputs that are kept in a folder: `<name>.txt`, a line of base64 an input; none when there is no such file.
    func stored(in folder: String) throws -> [[UInt8]] {
        let path = "\(folder)/\(name).txt"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        return try lines.dropLast().map { line in
            guard let input = Data(base64Encoded: String(line)) else { throw Finding("\(path): \(line)") }
            return Array(input)
        }
    }
}

/// A parser contradicted itself.
struct Finding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Fails unless a condition holds.
func require(_ condition: Bool, _ finding: @autoclosure () -> String) throws(Finding) {
    if !condition { throw Finding(finding()) }
}

/// Runs a parser, whose refusals are all of one type: they are no findings.
func accepting<Value, Refusal: Error>(_: Refusal.Type, _ parse: () throws -> Value) throws -> Value? {
    do { return try parse() } catch is Refusal { return nil }
}

/// An input cut in two at a place that depends on its content: what is read in pieces must be what is read at once.
func pieces(of bytes: [UInt8]) -> [[UInt8]] {
    var hash = bytes.count
    for byte in bytes.prefix(64) { hash = (hash &* 31) ^ Int(byte) }
    let cut = bytes.isEmpty ? 0 : Int(UInt(bitPattern: hash) % UInt(bytes.count))
    return [Array(bytes[..<cut]), Array(bytes[cut...])]
}

/// Waits for asynchronous work on a thread that may be blocked.
func waitFor<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
    let outcome = Outcome<Value>()
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        do { outcome.set(.success(try await work())) } catch { outcome.set(.failure(error)) }
        done.signal()
    }
    done.wait()
    return try outcome.get()
}

/// What asynchronous work came to.
private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    func set(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }

    func get() throws -> Value {
        guard let result = result.withLock({ $0 }) else { throw Finding("the work ended without a result") }
        return try result.get()
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
