/// One promise of ``ObjectStore`` and how it is checked.
public struct ContractCheck: Sendable {
    /// A short name, stable: `range.edges`.
    public let name: String
    /// The promise in a sentence.
    public let promise: String
    private let body: @Sendable (ContractRun) async throws -> Void

    init(_ name: String, _ promise: String, _ body: @escaping @Sendable (ContractRun) async throws -> Void) {
        self.name = name
        self.promise = promise
        self.body = body
    }

    /// Runs the check below a prefix of its own and deletes what it left there.
    public func run(_ subject: ContractSubject) async -> ContractOutcome {
        do {
            let run = try await ContractRun(check: name, subject: subject)
            let result: ContractOutcome
            do {
                try await body(run)
                result = .held
            } catch let skip as ContractSkip {
                result = .skipped(why: skip.why)
            } catch let violation as ContractViolation {
                result = .failed(why: violation.why)
            } catch {
                result = .failed(why: "unexpected error: \(error)")
            }
            do {
                try await run.cleanUp()
                return result
            } catch {
                return result == .held ? .failed(why: "cleaning up: \(error)") : result
            }
        } catch {
            return .failed(why: "the store could not be opened: \(error)")
        }
    }
}

/// What became of a check.
public enum ContractOutcome: Sendable, Hashable {
    /// The promise was kept.
    case held
    /// The promise was broken.
    case failed(why: String)
    /// The store does not claim this.
    case skipped(why: String)
}

/// A check and what became of it.
public struct ContractResult: Sendable, Hashable {
    /// The check's name.
    public let name: String
    /// The promise.
    public let promise: String
    /// What became of it.
    public let outcome: ContractOutcome
    /// What the check made and could not remove, such as `volume vol-1`: somebody has to.
    public let remains: [String]

    /// A result.
    public init(name: String, promise: String, outcome: ContractOutcome, remains: [String] = []) {
        self.name = name
        self.promise = promise
        self.outcome = outcome
        self.remains = remains
    }
}

/// A promise was broken.
struct ContractViolation: Error {
    let why: String
}

/// The store does not claim what would be checked.
struct ContractSkip: Error {
    let why: String
}
