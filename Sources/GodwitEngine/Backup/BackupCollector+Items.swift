import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Streams

extension BackupCollector {
    /// Objects read one by one at the same time.
    private static let parallelReads = 16

    /// The items of a batch that are in the backup.
    mutating func admit(_ batch: [Item]) -> [Item] {
        var admitted: [Item] = []
        admitted.reserveCapacity(batch.count)
        for item in batch where admission.admits(item) && !postponed.holdsBack(item.identity) { admitted.append(item) }
        return admitted
    }

    /// Takes what actions made of a batch of admitted items.
    ///
    /// - Returns: how many of them are in the backup.
    mutating func take(_ outcomes: [BackupActionRunner.Outcome]) async throws -> Int {
        let accepted = settle(outcomes)
        try await output.write(accepted)
        let related = outcomes.flatMap(\.related)
        if !related.isEmpty { try await takeRelated(related, mustInclude: false) }
        return accepted.count
    }

    /// Notes which items are read later, and gives the others.
    private mutating func settle(_ outcomes: [BackupActionRunner.Outcome]) -> [Item] {
        for identity in outcomes.flatMap(\.postponed) { postponed.add(identity) }
        return outcomes.map(\.item).filter { !postponed.holdsBack($0.identity) }
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
                var admitted: [Item] = []
                for item in try await read(identities)
                where admission.admitsRelated(item, mustInclude: mustInclude) && !postponed.holdsBack(item.identity) {
                    admitted.append(item)
                }
                let outcomes = try await runner.run(prepared.actions, on: admitted)
                try await output.write(settle(outcomes))
                pending += outcomes.flatMap(\.related)
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

    /// Reads what waited for operations of plugins, now that they have ended.
    mutating func takePostponed() async throws {
        try await runner.operations.wait()
        var wanted: [ItemIdentity] = []
        for (identity, isHeldBack) in postponed.release() {
            if isHeldBack || !admission.hasSeen(identity) {
                if isHeldBack || admission.allowsRelated(identity) { wanted.append(identity) }
            } else {
                // A tarball is written once.
                recorder.warn(
                    "an operation of a plugin has changed it since it was read for the backup", about: identity)
            }
        }
        guard !wanted.isEmpty else { return }
        for identities in wanted.chunks(of: 64) {
            let items = try await read(identities)
            for item in items { _ = admission.admitsRelated(item, mustInclude: true) }
            try await output.write(items)
        }
        recorder.info("\(wanted.count) items were read after the operations of plugins")
    }
}
