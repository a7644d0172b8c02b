import GodwitModel
import KubernetesClient
import Synchronization

/// Sees to it that a namespace exists before anything is put into it, once for each namespace.
final class NamespaceKeeper: Sendable {
    /// How a namespace came to be there.
    enum Presence: Sendable {
        /// It exists in the cluster.
        case exists
        /// The dry run would have created it.
        case wouldExist
    }

    private enum Entry {
        case known(Presence)
        case pending(Task<Presence, any Error>)
    }

    private let context: ExecutionContext
    private let prepare: @Sendable (_ source: String) async throws -> KubernetesObject?
    private let report: @Sendable (ItemOutcome) async -> Void
    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameters:
    ///   - prepare: gives the Namespace object of the backup as it is to be restored; nil when the backup has none.
    ///   - report: is told of namespaces that were created.
    init(
        _ context: ExecutionContext, report: @escaping @Sendable (ItemOutcome) async -> Void,
        prepare: @escaping @Sendable (_ source: String) async throws -> KubernetesObject?
    ) {
        self.context = context
        self.report = report
        self.prepare = prepare
    }

    /// Tells that a namespace was created as an item.
    func note(_ namespace: String) {
        let presence: Presence = context.target.isDryRun ? .wouldExist : .exists
        entries.withLock { $0[namespace] = .known(presence) }
    }

    /// Creates the namespace where it is missing.
    ///
    /// - Parameter source: its name in the backup.
    func ensure(_ namespace: String, source: String) async throws -> Presence {
        let entry = entries.withLock { entries in
            if let entry = entries[namespace] { return entry }
            let entry = Entry.pending(Task { try await self.settle(namespace, source: source) })
            entries[namespace] = entry
            return entry
        }
        switch entry {
        case .known(let presence): return presence
        case .pending(let task):
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        }
    }

    /// A refusal stands for all items of the namespace; what may pass is tried again with the next item.
    private func settle(_ namespace: String, source: String) async throws -> Presence {
        do {
            let presence = try await create(namespace, source: source)
            entries.withLock { $0[namespace] = .known(presence) }
            return presence
        } catch {
            let isFinal = (error as? ClusterError).map { !$0.isRetryable } ?? (error is WaitTimeoutError)
            if !isFinal { entries.withLock { $0[namespace] = nil } }
            throw error
        }
    }

    private func create(_ namespace: String, source: String) async throws -> Presence {
        guard let resource = context.catalog[.namespaces] else { return .exists }
        let place = Place(resource, name: namespace)
        do {
            if let existing = try await context.target.get(place) {
                guard existing.metadata.isTerminating else { return .exists }
                if !context.target.isDryRun { try await context.waiter.untilGone(existing, at: place) }
            }
            var object = try await prepare(source) ?? KubernetesObject(["apiVersion": "v1", "kind": "Namespace"])
            object.name = namespace
            object.addLabels(ObjectCleaner.labels(of: context.restore))
            _ = try await context.target.create(object, at: place)
        } catch let error as ClusterError where error.kind == .alreadyExists {
            // In a dry run this is the terminating namespace.
            return context.target.isDryRun ? .wouldExist : .exists
        } catch let error as ClusterError where error.kind == .forbidden {
            // Who may only act inside a namespace cannot look at it; whether it exists shows with the first item.
            return .exists
        }
        await report(
            ItemOutcome(
                item: ItemIdentity(resource: .namespaces, namespace: nil, name: source), target: place.identity,
                action: .created))
        return context.target.isDryRun ? .wouldExist : .exists
    }
}
