import GodwitModel
import GodwitPluginAPI
import KubernetesClient

extension BackupCollector {
    /// Objects read one by one at the same time.
    private static let parallelReads = 16

    /// Takes a batch of what was listed.
    ///
    /// - Returns: how many of them are in the backup.
    mutating func take(_ batch: [Item], _ actions: [SelectedAction]) async throws -> Int {
        var accepted: [Item] = []
        accepted.reserveCapacity(batch.count)
        var related: [ItemIdentity] = []
        for item in batch where admission.admits(item) {
            if actions.isEmpty {
                accepted.append(item)
            } else {
                guard let outcome = try await execute(actions, on: item) else { continue }
                accepted.append(outcome.item)
                related += outcome.related
            }
        }
        try await output.write(accepted)
        if !related.isEmpty { try await takeRelated(related, mustInclude: false) }
        return accepted.count
    }

    /// Takes what actions asked for besides, and what those items' actions ask for, and so on.
    mutating func takeRelated(_ wanted: [ItemIdentity], mustInclude: Bool) async throws {
        var pending = wanted
        while !pending.isEmpty {
            var unique: Set<ItemIdentity> = []
            let missing = pending.filter { identity in
                unique.insert(identity).inserted && mustBeRead(identity, mustInclude: mustInclude)
            }
            pending = []
            for identities in missing.chunks(of: 64) {
                var accepted: [Item] = []
                for item in try await read(identities) where admission.admitsRelated(item, mustInclude: mustInclude) {
                    let actions = prepared.actions.filter { $0.selector.matches(item.resource) }
                    guard let outcome = try await execute(actions, on: item) else { continue }
                    accepted.append(outcome.item)
                    pending += outcome.related
                }
                try await output.write(accepted)
            }
        }
    }

    /// Whether a related item has to be read now; what a later listing brings anyhow is left to it.
    private mutating func mustBeRead(_ identity: ItemIdentity, mustInclude: Bool) -> Bool {
        guard !admission.hasSeen(identity), mustInclude || admission.allowsRelated(identity) else { return false }
        guard ahead.contains(identity.resource) else { return true }
        if identity.resource == .namespaces {
            admission.noteNamespace(identity.name)
            return false
        }
        return !prepared.filter.spec.labelSelectors.isEmpty
    }

    /// Reads objects one by one, several at a time. One that does not exist is no error: it may have vanished.
    func read(_ identities: [ItemIdentity]) async throws -> [Item] {
        let (cluster, catalog, recorder) = (prepared.request.cluster, prepared.catalog, recorder)
        let items = try await identities.mapConcurrently(limit: Self.parallelReads) { identity -> Item? in
            guard let resource = catalog[identity.resource] else {
                recorder.warn("it belongs in the backup, but its API is not served", about: identity)
                return nil
            }
            do {
                let item = try await cluster.get(resource, namespace: identity.namespace, name: identity.name)
                if item == nil { recorder.info("does not exist", about: identity) }
                return item
            } catch let error as ClusterError where error.kind != .unauthorized {
                recorder.fail("\(error)", about: identity)
                return nil
            }
        }
        return items.compactMap(\.self)
    }

    /// Lets the actions that want the item look at it; nil when one fails, which is recorded.
    private func execute(
        _ actions: [SelectedAction], on item: Item
    ) async throws -> (item: Item, related: [ItemIdentity])? {
        let identity = item.identity
        let matching = actions.filter {
            $0.selector.matches(identity.resource, namespace: identity.namespace, labels: item.metadata.labels)
        }
        guard !matching.isEmpty else { return (item, []) }
        var related: [ItemIdentity] = []
        var changed: KubernetesObject?
        var current = ""
        do {
            var object = try KubernetesObject(parsing: item.bytes)
            for selected in matching {
                current = selected.action.name
                let outcome = try await selected.action.execute(object, backup: prepared.request.backup)
                if let replacement = outcome.item {
                    object = replacement
                    changed = replacement
                }
                related += outcome.additionalItems
            }
            guard let changed else { return (item, related) }
            let bytes = changed.serialized()
            let metadata = try ItemMetadata(scanning: bytes)
            return (Item(bytes: bytes, metadata: metadata, resource: item.resource), related)
        } catch {
            if error is CancellationError || (error as? ClusterError)?.kind == .unauthorized { throw error }
            recorder.fail(current.isEmpty ? "\(error)" : "action \(current): \(error)", about: identity)
            return nil
        }
    }
}
