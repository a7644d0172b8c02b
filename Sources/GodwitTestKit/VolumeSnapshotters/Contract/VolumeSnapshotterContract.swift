/// What ``VolumeSnapshotter`` promises, as a suite that any implementation must pass, ours and an integrator's.
///
/// From Swift Testing, one test a check:
///
/// ```swift
/// @Test(arguments: VolumeSnapshotterContract.checks.map(\.name))
/// func contract(check: String) async throws { … }
/// ```
///
/// From a program, ``run(_:only:report:)``.
public enum VolumeSnapshotterContract {
    /// All checks.
    public static let checks: [SnapshotterCheck] =
        volumeChecks + snapshotChecks + deletionChecks + concurrencyChecks + optionalChecks

    /// The check of a name.
    public static func check(named name: String) -> SnapshotterCheck? { checks.first { $0.name == name } }

    /// Runs the checks one after the other, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - only: the beginnings of the names of the checks to run; empty for all.
    ///   - report: is told each result as it comes.
    @discardableResult
    public static func run(
        _ subject: SnapshotterSubject, only: [String] = [], report: (ContractResult) -> Void = { _ in }
    ) async -> [ContractResult] {
        var results: [ContractResult] = []
        for check in checks where only.isEmpty || only.contains(where: check.name.hasPrefix) {
            guard !Task.isCancelled else { break }
            let result = await check.result(subject)
            report(result)
            results.append(result)
        }
        return results
    }
}
