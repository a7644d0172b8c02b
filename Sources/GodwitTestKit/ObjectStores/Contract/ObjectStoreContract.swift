/// What ``ObjectStore`` promises, as a suite that any implementation must pass, ours and an integrator's.
///
/// From Swift Testing, one test a check:
///
/// ```swift
/// @Test(arguments: ObjectStoreContract.checks.map(\.name))
/// func contract(check: String) async throws { … }
/// ```
///
/// From a program, ``run(_:report:)``.
public enum ObjectStoreContract {
    /// All checks.
    public static let checks: [ContractCheck] =
        contentChecks + keyChecks + rangeChecks + listingChecks + atomicityChecks + deletionChecks + optionalChecks

    /// The check of a name.
    public static func check(named name: String) -> ContractCheck? { checks.first { $0.name == name } }

    /// Runs all checks one after the other.
    ///
    /// - Parameters:
    ///   - only: the beginnings of the names of the checks to run; empty for all.
    ///   - report: is told each result as it comes.
    @discardableResult
    public static func run(
        _ subject: ContractSubject, only: [String] = [], report: (ContractResult) -> Void = { _ in }
    ) async -> [ContractResult] {
        var results: [ContractResult] = []
        for check in checks where only.isEmpty || only.contains(where: check.name.hasPrefix) {
            let result = ContractResult(name: check.name, promise: check.promise, outcome: await check.run(subject))
            report(result)
            results.append(result)
        }
        return results
    }
}
