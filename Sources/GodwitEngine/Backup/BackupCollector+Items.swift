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
        for item in batch where admission.admits(item) { admitted.append(item) }
        return admitted
    }

    /// Takes what actions made of a batch of admitted items.
    ///
    /// - Returns: how many of them are in the backup.
    mutating func take(_ outcomes: [BackupActionRunner.Outcome]) async throws -> Int {
        let accepted = settle(outcomes)
        try await output.write(accepted)
        try await takeRelated(of: outcomes)
        return accepted.count
    }

    /// Notes which items are read later, and gives the others.
    private mutating func settle(_ outcomes: [BackupActionRunner.Outcome]) -> [Item] {
        for identity in outcomes.flatMap(\.postponed) { postponed.add(identity) }
        return outcomes.map(\.item).filter { !postponed.holdsBack($0) }
    }

    /// Takes what the actions asked for besides.
    private mutating func takeRelated(of outcomes: [BackupActionRunner.Outcome]) async throws {
        let required = outcomes.flatMap(\.required)
        if !required.isEmpty { try await takeRelated(required, mustInclude: true) }
        let related = outcomes.flatMap(\.related)
        if !related.isEmpty { try await takeRelated(related, mustInclude: false) }
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
                for item in try await read(identities) where admission.admitsRelated(item, mustInclude: mustInclude) {
                    admitted.append(item)
                }
                let outcomes = try await runner.run(prepared.actions, on: admitted)
                try await output.write(settle(outcomes))
                let required = outcomes.flatMap(\.required)
                if !required.isEmpty { try await takeRelated(required, mustInclude: true) }
                pending += outcomes.flatMap(\.related)
            }
        }
    }

    /// Whether a related item has to be read now; what a later listing brings anyhow is left to it.
    private mutating func mustBeRead(_ identity: ItemIdentity, mustInclude: Bool) -> Bool {
        guard !admission.hasSeen(identity), mustInclude || admission.allowsRelated(identity) else { return false }
        guard ahead.contains(identity.resource), admission.allowsRelated(identity) else { return true }
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
        runner.finalize()
        var wanted: [ItemIdentity] = []
        var first: [ItemIdentity: Item] = [:]
        for (identity, heldBack) in postponed.release() {
            if heldBack == nil, admission.hasSeen(identity) {
                // A tarball is written once.
                recorder.warn(
                    "an operation of a plugin has changed it since it was read for the backup", about: identity)
            } else {
                first[identity] = heldBack
                wanted.append(identity)
            }
        }
        guard !wanted.isEmpty else { return }
        for identities in wanted.chunks(of: 64) {
            try await takeAgain(identities, first: first)
        }
        recorder.info("\(wanted.count) items were read after the operations of plugins")
    }

    /// Takes items that operations have changed. One that was in the backup before stays as it was where it cannot be
    /// read, or an action fails on it: what was there when the backup began belongs in it.
    private mutating func takeAgain(_ identities: [ItemIdentity], first: [ItemIdentity: Item]) async throws {
        let wanted = identities.filter { first[$0] != nil || !admission.hasSeen($0) }
        var items: [Item] = []
        for item in try await read(wanted) {
            let isIn =
                first[item.identity] == nil
                ? admission.admitsRelated(item, mustInclude: true) : !item.metadata.isTerminating
            if isIn { items.append(item) }
        }
        let outcomes = try await runner.run(prepared.actions, on: items)
        let again = Set(outcomes.map(\.item.identity))
        var written = outcomes.map(\.item)
        for identity in wanted where !again.contains(identity) {
            guard let item = first[identity] else { continue }
            recorder.warn(
                "it could not be taken again after the operations of plugins, and is in the backup as it was before them",
                about: identity)
            written.append(item)
        }
        try await output.write(written)
        // As by Velero: what is named now belongs to what the operations have made.
        try await takeRelated(outcomes.flatMap { $0.required + $0.related }, mustInclude: true)
    }
}
