import Foundation
import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Streams

/// Takes the items of a plan from the source to the writer: listings in order, filters, actions, and what actions ask
/// for besides.
struct BackupCollector {
    let prepared: PreparedBackup
    let recorder: RunRecorder
    private let planned: Set<GroupResource>
    /// The steps that are still to come.
    private(set) var ahead: Set<GroupResource>
    var admission: ItemAdmission
    var output: ItemOutput
    let runner: BackupActionRunner
    private let listings: ListingWindow
    private var unreachable = 0
    var postponed = PostponedItems()

    /// After so many listings in a row that got no answer at all, the source counts as gone.
    private static let unreachableLimit = 3
    /// Batches of a listing, of some 128 KiB each, that actions look at while further ones are read.
    private static let batchesInFlight = 8

    /// - Parameters:
    ///   - listings: those of the plan, from ``PreparedBackup/listings()``.
    ///   - started: when the backup began, which actions may ask it for.
    init(
        _ prepared: PreparedBackup, listings: ListingWindow, writer: any BackupWriter, recorder: RunRecorder,
        started: Date = Date()
    ) {
        self.prepared = prepared
        self.listings = listings
        self.recorder = recorder
        planned = Set(prepared.plan.steps.map(\.resource))
        ahead = planned
        admission = ItemAdmission(filter: prepared.filter, excluded: Set(prepared.plan.excludedNamespaces))
        output = ItemOutput(writer: writer, recorder: recorder, survey: VolumeSurvey())
        var backup = prepared.request.backup
        backup.status.phase = .inProgress
        backup.status.started = started
        runner = BackupActionRunner(
            backup: backup, recorder: recorder,
            operations: BegunOperations(timeout: prepared.request.operationTimeout, listener: recorder.operations))
    }

    /// - Throws: the writer's errors; the source's when nothing more can come of it, as after an expired token.
    mutating func run() async throws {
        do {
            try await collect()
        } catch {
            await runner.operations.cancel()
            throw error
        }
    }

    private mutating func collect() async throws {
        for warning in prepared.plan.warnings { recorder.warn(warning) }
        for failure in prepared.plan.failures + prepared.request.pluginFailures { recorder.fail(failure) }
        defer { listings.cancel() }
        for (step, _) in prepared.servedSteps {
            try Task.checkCancellation()
            recorder.begin(step.resource.description)
            ahead.remove(step.resource)
            try await collect(step)
        }
        try await takePostponed()
    }

    private mutating func collect(_ step: BackupPlan.Step) async throws {
        let actions = prepared.actions.filter { $0.selector.matches(step.resource) }
        var count = 0
        for identities in step.first.chunks(of: 64) {
            let admitted = admit(try await read(identities))
            count += try await take(try await runner.run(actions, on: admitted))
        }
        for listing in step.listings {
            guard let stream = listings.next() else { break }
            count += try await collect(stream, step, listing, actions)
        }
        guard count > 0 else { return }
        recorder.info("\(step.resource): \(count) items")
        try await takeDefinition(of: step.resource)
    }

    /// Takes what a listing brings. While actions look at some items, which may be in another process, the next ones are read.
    ///
    /// - Returns: how many of them are in the backup.
    private mutating func collect(
        _ stream: ItemStream, _ step: BackupPlan.Step, _ listing: BackupPlan.Listing, _ actions: [SelectedAction]
    ) async throws -> Int {
        var iterator = stream.makeAsyncIterator()
        var count = 0
        let runner = runner
        try await forEachInOrder(limit: actions.isEmpty ? 1 : Self.batchesInFlight) {
            // The source's failures are told apart from the writer's, which end the backup.
            do {
                guard let batch = try await iterator.next() else { return nil }
                unreachable = 0
                return admit(batch)
            } catch {
                try judge(error, step, listing)
                return nil
            }
        } work: {
            try await runner.run(actions, on: $0)
        } consume: { outcomes in
            count += try await take(outcomes)
        }
        return count
    }

    /// A listing has failed: that is an error of the backup, or its end.
    private mutating func judge(_ error: any Error, _ step: BackupPlan.Step, _ listing: BackupPlan.Listing) throws {
        let place = listing.namespace.map { "\(step.resource) of namespace '\($0)'" } ?? "\(step.resource)"
        if error is CancellationError { throw error }
        if let error = error as? ClusterError {
            if error.kind == .unauthorized { throw error }
            if error.kind == .notFound {
                recorder.warn("\(place): not served any more: \(error)")
            } else {
                recorder.fail("\(place): not all of it could be read: \(error)", namespace: listing.namespace)
            }
            return
        }
        unreachable += 1
        guard unreachable < Self.unreachableLimit else { throw error }
        recorder.fail("\(place): not all of it could be read: \(error)", namespace: listing.namespace)
    }

    /// The definition of a custom resource belongs with its objects, unless it is left out by name.
    private mutating func takeDefinition(of resource: GroupResource) async throws {
        let definitions = GroupResource.customResourceDefinitions
        guard !BackupOrder.builtInGroups.contains(resource.group), !planned.contains(definitions),
            !prepared.filter.excludesByName(definitions), prepared.filter.spec.includeClusterResources != false,
            prepared.catalog[definitions] != nil
        else { return }
        let definition = ItemIdentity(resource: definitions, namespace: nil, name: resource.description)
        try await takeRelated([definition], mustInclude: true)
    }
}

extension PreparedBackup {
    fileprivate var servedSteps: [(plan: BackupPlan.Step, resource: APIResource)] {
        plan.steps.compactMap { step in catalog[step.resource].map { (plan: step, resource: $0) } }
    }

    /// The listings of all steps, in order.
    func listings() throws -> ListingWindow {
        let listings = try servedSteps.flatMap { step in
            try step.plan.listings.map { listing in
                var options = ListOptions(pageSize: request.pageSize)
                if let selector = listing.labelSelector { options.labelSelector = try LabelSelector(parsing: selector) }
                return ListingWindow.Listing(resource: step.resource, namespace: listing.namespace, options: options)
            }
        }
        return ListingWindow(listings, cluster: request.cluster)
    }
}

extension Array {
    /// The elements in runs of at most `size`.
    func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
