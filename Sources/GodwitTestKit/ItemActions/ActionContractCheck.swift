/// One promise of an item action and how it is checked.
public struct ActionContractCheck: Sendable {
    /// A short name, stable: `items.identity`.
    public let name: String
    /// The promise in a sentence.
    public let promise: String
    private let body: @Sendable () async throws -> Void

    init(_ name: String, _ promise: String, _ body: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.promise = promise
        self.body = body
    }

    /// Runs the check.
    public func run() async -> ContractOutcome {
        do {
            try await body()
            return .held
        } catch let skip as ContractSkip {
            return .skipped(why: skip.why)
        } catch let violation as ContractViolation {
            return .failed(why: violation.why)
        } catch {
            return .failed(why: "unexpected error: \(error)")
        }
    }
}

/// Throws a violation unless the condition holds.
func require(_ condition: Bool, _ why: @autoclosure () -> String) throws {
    if !condition { throw ContractViolation(why: why()) }
}
