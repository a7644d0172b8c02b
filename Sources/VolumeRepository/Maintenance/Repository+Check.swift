/// How much a check reads.
public struct CheckOptions: Sendable, Hashable {
    /// The share of the packs whose content is read and verified; 0 for the structure only, 1 for everything. Which
    /// packs is chosen anew each time.
    public var readData = 0.0

    /// The structure only.
    public init() {}
}

extension Repository {
    /// Looks for damage; changes nothing but a lock of its own. Without the permission to write there is none either:
    /// then what a prune deletes meanwhile may be reported as missing.
    ///
    /// - Parameter references: names what a snapshot's tree refers to.
    /// - Throws: what the store throws; damage is reported and not thrown.
    public func check(
        _ options: CheckOptions = CheckOptions(), references: @escaping SnapshotReferences = TreeReferences.ofSnapshots
    ) async throws -> CheckReport {
        let lock = try await takeReadingLock(.check)
        do {
            let report = try await RepositoryChecker(self, options, references).run(lock)
            await lock?.release()
            return report
        } catch {
            await lock?.release()
            throw error
        }
    }
}
