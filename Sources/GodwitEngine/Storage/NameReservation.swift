import Foundation
import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization

/// The right to write under a name, held by one run at a time; see ``BackupCatalog/reserve(backup:)``.
///
/// A claim is an object of the run's own in the folder. A run writes its claim first and looks second, so of two runs
/// at least one sees the other: that holds on any store with read-after-write, conditional puts or not. Who sees an
/// older right (metadata) or the claim of a living run with a smaller id gives up; who sees only greater ids waits a
/// moment for them to give up. A claim is dead when its process is known to be gone, or its heartbeat is old by the
/// store's own clock.
public final class NameReservation: Sendable {
    /// The name.
    public let name: String
    /// The folder that it stands for.
    let folder: String
    let store: any ObjectStore
    private let owner: RunOwner
    private let isReleased = Mutex(false)
    /// Whether snapshots were begun that storages keep.
    private let takesSnapshots = Mutex(false)
    private let deadRunTookSnapshots = Mutex(false)
    /// Whether what makes the run exist may have been written.
    private let isPublishing = Mutex(false)

    /// A claim without a heartbeat for this long is dead.
    static let lifetime: TimeInterval = 300
    /// How often the heartbeat is renewed.
    static let heartbeat = Duration.seconds(60)
    static let claimPrefix = "godwit-inprogress-"

    init(name: String, folder: String, store: any ObjectStore) {
        self.name = name
        self.folder = folder
        self.store = store
        owner = RunOwner()
        LiveRuns.insert(owner.id)
    }

    deinit { LiveRuns.remove(owner.id) }

    var claimKey: String { "\(folder)\(Self.claimPrefix)\(owner.id).json" }

    static func isClaim(_ key: String) -> Bool {
        (key.split(separator: "/").last ?? "").hasPrefix(claimPrefix)
    }

    /// Writes or renews the claim.
    @discardableResult
    func claim() async throws -> ObjectInfo {
        var owner = owner
        owner.heartbeat = Int64(Date().timeIntervalSince1970)
        owner.takesSnapshots = takesSnapshots.withLock { $0 }
        return try await store.put(
            claimKey, .bytes(owner.json.serialized()),
            options: PutOptions(contentType: ContentTypes.json, isShortLived: true))
    }

    /// To be called before snapshots are taken that storages keep: from then on the claim says so, should the run die.
    func beginSnapshots() async throws {
        takesSnapshots.withLock { $0 = true }
        try await claim()
    }

    /// Whether a dead run, whose name this one has taken, had begun to take snapshots that storages keep.
    var followsSnapshots: Bool { deadRunTookSnapshots.withLock { $0 } }

    /// Tells that a dead run had begun to take snapshots.
    func noteDeadRunsSnapshots() { deadRunTookSnapshots.withLock { $0 = true } }

    /// Keeps the claim alive until the task is cancelled.
    ///
    /// - Throws: ``BackupStorageError`` when another run has taken the name over, or the claim could not be renewed for
    ///   so long that another may.
    public func keepAlive() async throws {
        var renewed = ContinuousClock.now
        while true {
            try await Task.sleep(for: Self.heartbeat)
            do {
                guard try await store.stat(claimKey) != nil else { throw lost("another run took the name over") }
                try await claim()
                renewed = .now
            } catch let error as ObjectStoreError {
                guard ContinuousClock.now - renewed < .seconds(Self.lifetime) / 2 else {
                    throw lost("its claim could not be renewed: \(error)")
                }
            }
        }
    }

    /// Runs some work for as long as the name is this run's; when it is lost, the work is cancelled.
    func whileHeld<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { tasks in
            tasks.addTask {
                try await self.keepAlive()
                return nil
            }
            tasks.addTask { try await work() }
            defer { tasks.cancelAll() }
            while let result = try await tasks.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    private func lost(_ reason: String) -> BackupStorageError {
        BackupStorageError(.incomplete, subject: "'\(name)'", store: store.description, reason: reason)
    }

    /// Gives the name up, also when the task has been cancelled. Files that were written stay.
    public func release() async {
        guard
            isReleased.withLock({ released in
                defer { released = true }
                return !released
            })
        else { return }
        LiveRuns.remove(owner.id)
        let (store, key) = (store, claimKey)
        // A task of its own, because a cancelled one could not reach the store. A claim that stays is found dead.
        await Task { try? await store.delete([key]) }.value
    }

    /// To be called before what makes the run exist is written: from then on it may exist, whatever the store answers.
    func beginPublishing() { isPublishing.withLock { $0 = true } }

    /// Whether the run may exist: what makes it so was to be written.
    var mayExist: Bool { isPublishing.withLock { $0 } }

    /// Removes everything that was written under the name, and gives it up; also when the task has been cancelled.
    ///
    /// - Parameter metadata: the key that makes the run exist; it goes first.
    /// - Returns: whether the run is known not to exist.
    @discardableResult
    public func discard(metadata: String) async -> Bool {
        let (store, folder, mayExist) = (store, folder, mayExist)
        let isGone = await Task {
            let isGone = await Self.remove(metadata, from: store)
            // What stays is found as the leftovers of a dead run.
            if isGone || !mayExist { try? await store.deleteFolder(folder, keeping: [claimKey]) }
            return isGone
        }.value
        await release()
        return isGone || !mayExist
    }

    /// - Returns: whether the store has no such object now.
    private static func remove(_ key: String, from store: any ObjectStore) async -> Bool {
        do {
            try await store.delete([key])
            return true
        } catch {
            // Who may not delete may be allowed to look.
            do { return try await store.stat(key) == nil } catch { return false }
        }
    }
}

extension ObjectStore {
    /// Every object below a prefix.
    func objects(below prefix: String) async throws -> [ObjectInfo] {
        var found: [ObjectInfo] = []
        try await forEachPage(ListRequest(prefix: prefix)) { found += $0.objects }
        return found
    }

    /// Deletes every object below a prefix but those named.
    func deleteFolder(_ prefix: String, keeping kept: Set<String> = []) async throws {
        let keys = try await objects(below: prefix).map(\.key).filter { !kept.contains($0) }
        if !keys.isEmpty { try await delete(keys) }
    }
}
