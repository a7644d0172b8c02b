import Foundation

/// The volume's snapshot before this one: what need not be read again.
public struct PreviousSnapshot {
    var tree: PreviousTree
    /// Changes from this moment on may have come after the reading without a newer time: clocks of file systems tick
    /// every few milliseconds, some once a second.
    let changesAreTrustedBefore: Date

    /// How coarse a file system's clock is taken to be.
    static let tick: TimeInterval = 1

    /// A snapshot whose tree is read in step with the new walk.
    public init(_ snapshot: Snapshot, from source: any ChunkReading) {
        tree = PreviousTree(TreeReader(chunks: snapshot.tree, from: source))
        changesAreTrustedBefore = snapshot.started.addingTimeInterval(-Self.tick)
    }
}

extension TreeEntry.Time {
    /// Whether it is before a date.
    func isBefore(_ date: Date) -> Bool {
        Double(seconds) + Double(nanoseconds) * 1e-9 < date.timeIntervalSince1970
    }
}
