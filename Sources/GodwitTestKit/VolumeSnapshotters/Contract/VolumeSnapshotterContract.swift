/// What ``VolumeSnapshotter`` promises, as a suite that any implementation must pass, ours and an integrator's.
///
/// From Swift Testing, one test a check:
///
/// ```swift
/// @Test(arguments: VolumeSnapshotterContract.checks.map(\.name))
/// func contract(check: String) async throws { … }
/// ```
///
/// From a program, ``run(_:report:)``.
public enum VolumeSnapshotterContract {
    /// All checks.
    public static let checks: [SnapshotterCheck] =
        volumeChecks + snapshotChecks + deletionChecks + concurrencyChecks + optionalChecks

    /// The check of a name.
    public static func check(named name: String) -> SnapshotterCheck? { checks.first { $0.name == name } }

    /// Runs all checks one after the other.
    ///
    /// - Parameter report: is told each result as it comes.
    @discardableResult
    public static func run(
        _ subject: SnapshotterSubject, report: (ContractResult) -> Void = { _ in }
    ) async -> [ContractResult] {
        var results: [ContractResult] = []
        for check in checks {
            let result = ContractResult(name: check.name, promise: check.promise, outcome: await check.run(subject))
            report(result)
            results.append(result)
        }
        return results
    }
}
