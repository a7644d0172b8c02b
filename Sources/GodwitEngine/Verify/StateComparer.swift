import GodwitModel
import Streams
import Tarball
import Synchronization

/// Compares items with those of a backup, one batch after the other, and remembers which are left.
final class StateComparer: Sendable {
    private struct State {
        /// What of the backup has not been met yet.
        var rest: [ItemIdentity: IndexEntry] = [:]
        var summary = ComparisonSummary()
    }

    private let contents: any BackupContents
    private let report: @Sendable (ObjectDifference) -> Void
    private let state = Mutex(State())

    init(_ contents: any BackupContents, report: @escaping @Sendable (ObjectDifference) -> Void) {
        self.contents = contents
        self.report = report
    }

    func loadIndex(without ignored: Set<GroupResource>) async throws {
        try await contents.forEachEntry { entries in
            state.withLock { state in
                for entry in entries where !ignored.contains(entry.identity.resource) {
                    state.rest[entry.identity] = entry
                }
            }
        }
    }

    /// The entries whose items have to be read, because their checksums are not equal to the backup's.
    func passEqual(_ entries: [IndexEntry]) -> [IndexEntry] {
        state.withLock { state in
            entries.filter { entry in
                guard !entry.sha256.isEmpty, state.rest[entry.identity]?.sha256 == entry.sha256 else { return true }
                state.rest[entry.identity] = nil
                state.summary.equal += 1
                return false
            }
        }
    }

    /// Compares items of the other side.
    func compare(_ items: [Item]) async throws {
        guard !items.isEmpty else { return }
        let entries = state.withLock { state in items.map { state.rest.removeValue(forKey: $0.identity) } }
        var pairs: [(item: Item, entry: IndexEntry)] = []
        for (item, entry) in zip(items, entries) {
            if let entry { pairs.append((item, entry)) } else { note(item.identity, .added) }
        }
        // In tarball order, so that neighbours are read together.
        pairs.sort {
            ($0.entry.location.frame, $0.entry.location.offset) < ($1.entry.location.frame, $1.entry.location.offset)
        }
        var next = 0
        for try await batch in contents.items(pairs.map(\.entry)) {
            let stored = Array(zip(batch, pairs[next..<next + batch.count].map(\.item)))
            next += batch.count
            let kinds = try await BlockingPool.shared.run { stored.map { Self.difference($0.0, $0.1) } }
            for (pair, kind) in zip(stored, kinds) { note(pair.1.identity, kind) }
        }
    }

    private static func difference(_ stored: StoredItem, _ item: Item) -> ObjectDifference.Kind? {
        do {
            let old = try stored.item.get()
            if old.bytes == item.bytes { return nil }
            let changes = JSONDifference.compute(
                from: ServerOwnedFields.removed(from: try JSONValue(parsing: old.bytes)),
                to: ServerOwnedFields.removed(from: try JSONValue(parsing: item.bytes)))
            return changes.isEmpty ? nil : .changed(changes)
        } catch {
            return .unreadable("\(error)")
        }
    }

    func reportUnreadable(_ identity: ItemIdentity, _ reason: String) {
        state.withLock { $0.rest[identity] = nil }
        note(identity, .unreadable(reason))
    }

    private func note(_ identity: ItemIdentity, _ kind: ObjectDifference.Kind?) {
        state.withLock { state in
            switch kind {
            case nil: state.summary.equal += 1
            case .added: state.summary.added += 1
            case .removed: state.summary.removed += 1
            case .changed: state.summary.changed += 1
            case .unreadable: state.summary.unreadable += 1
            }
        }
        if let kind { report(ObjectDifference(item: identity, kind: kind)) }
    }

    /// What has not been met is only in the backup.
    func finish() -> ComparisonSummary {
        let rest = state.withLock { $0.rest.keys.sorted() }
        for identity in rest { note(identity, .removed) }
        return state.withLock { $0.summary }
    }
}

/// What a server writes into objects by itself.
enum ServerOwnedFields {
    private static let metadata = [
        "resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink", "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ]

    /// Status that autoscaling/v1 keeps in annotations.
    private static let annotations = [
        "autoscaling.alpha.kubernetes.io/conditions", "autoscaling.alpha.kubernetes.io/current-metrics",
    ]

    static func removed(from object: JSONValue) -> JSONValue {
        var object = object
        for annotation in annotations { object[path: "metadata", "annotations", annotation] = nil }
        if object[path: "metadata", "annotations"]?.object?.isEmpty ?? false {
            object[path: "metadata", "annotations"] = nil
        }
        object["status"] = nil
        if var own = object["metadata"] {
            for field in metadata { own[field] = nil }
            object["metadata"] = own
        }
        return object
    }
}
