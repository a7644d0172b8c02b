public import Foundation
import GodwitModel
import GodwitPluginAPI

/// What a run does while it holds a lock.
public enum RepositoryUse: String, Sendable, Hashable, CaseIterable {
    case backup, restore, check, prune, repair

    /// Whether only one run may do this or another exclusive thing. All else goes on beside it.
    var isExclusive: Bool { self == .prune || self == .repair }
}

/// A lock as others see it.
public struct RepositoryLockInfo: Sendable, Hashable {
    /// Random, 32 hexadecimal digits; what cannot be read keeps the name of its object.
    public let id: String
    /// What its owner does; nil when the lock cannot be read.
    public let use: RepositoryUse?
    /// The owner's machine.
    public let host: String
    /// The owner's process number.
    public let process: Int64
    /// When it was taken, by the owner's clock.
    public let started: Date
    /// When it was refreshed, by the store's clock where it has one.
    public let refreshed: Date
    /// Whether its owner is taken for dead.
    public let isStale: Bool
    /// The marks that its owner knows and keeps away from.
    let knownMarks: Set<String>
}

/// Reads and breaks the locks of a repository.
struct RepositoryLocks: Sendable {
    let objects: RepositoryObjects
    let staleAfter: Duration

    /// All locks, the oldest first.
    ///
    /// - Parameter now: the time by the store's clock, such as that of an object just written; nil for this machine's.
    func list(now: Date? = nil) async throws -> [RepositoryLockInfo] {
        let now = now ?? Date()
        var locks: [RepositoryLockInfo] = []
        for object in try await objects.list(RepositoryLayout.locks) {
            guard let id = RepositoryLayout.name(ofKey: object.key, below: RepositoryLayout.locks, ending: ".json"),
                let bytes = try await objects.read(object.key, limit: 1 << 20)
            else { continue }
            locks.append(info(id, bytes, modified: object.modified, now: now))
        }
        return locks.sorted { ($0.started, $0.id) < ($1.started, $1.id) }
    }

    /// Removes locks, whoever owns them.
    func remove(_ locks: [RepositoryLockInfo]) async throws {
        if !locks.isEmpty { try await objects.store.delete(locks.map { RepositoryLayout.lock($0.id) }) }
    }

    private func info(_ id: String, _ bytes: [UInt8], modified: Date?, now: Date) -> RepositoryLockInfo {
        let json = (try? JSONValue(parsing: bytes)) ?? .null
        let refreshed = modified ?? json["refreshed"]?.string.flatMap(RFC3339.parse) ?? now
        let age = now.timeIntervalSince(refreshed)
        return RepositoryLockInfo(
            id: id, use: json["use"]?.string.flatMap(RepositoryUse.init(rawValue:)), host: json["host"]?.string ?? "",
            process: json["process"]?.integer ?? 0,
            started: json["started"]?.string.flatMap(RFC3339.parse) ?? refreshed, refreshed: refreshed,
            isStale: age > staleAfter / .seconds(1),
            knownMarks: Set(json["knownMarks"]?.array?.compactMap(\.string) ?? []))
    }
}
