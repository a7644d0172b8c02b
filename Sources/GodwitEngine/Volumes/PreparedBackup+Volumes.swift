import GodwitModel
import KubernetesClient

extension PreparedBackup {
    /// The plan with what is going to happen to the data of volumes: pods, claims and PersistentVolumes are read for it,
    /// as the backup itself will.
    ///
    /// - Throws: the source's errors.
    public func planWithVolumes() async throws -> BackupPlan {
        var plan = plan
        guard let settings = request.volumes else { return plan }
        var reduced = self
        reduced.plan.steps.removeAll { !VolumeSurvey.resources.contains($0.resource) }
        let recorder = RunRecorder(log: RunLog()) { _ in }
        var collector = BackupCollector(
            reduced, listings: try reduced.listings(), writer: DiscardingWriter(), recorder: recorder)
        try await collector.run()
        let errors = recorder.outcome.results.errors
        plan.warnings += errors.general + errors.cluster + errors.namespaces.sorted { $0.key < $1.key }.flatMap(\.value)
        let volumes = try await VolumeBackupStage.volumes(
            collector.output.survey ?? VolumeSurvey(), request.cluster, catalog
        ) { plan.warnings.append($0) }
        var planned: [BackupPlan.Volume] = []
        for volume in volumes {
            var decision = settings.rules.decision(for: volume, format: request.format)
            if let snapshots = settings.snapshots {
                do {
                    decision = try await SnapshotRouter(settings: snapshots, request: request, catalog: catalog)
                        .decide(volume, after: decision).decision
                } catch {
                    try Task.checkCancellation()
                    if (error as? ClusterError)?.kind == .unauthorized { throw error }
                    decision = VolumeDecision(
                        decision.method, "nobody knows whether a snapshot of it could be taken: \("\(error)".printable)"
                    )
                }
                if let remark = decision.remark, !plan.warnings.contains(remark) { plan.warnings.append(remark) }
            }
            var (path, problem): (String?, String?) = (nil, nil)
            if decision.method == .fsBackup {
                do {
                    switch try await settings.mover.reach(toBackUp: volume) {
                    case .reachable(let place, _): path = place
                    case .unreachable(let reason): problem = reason
                    }
                } catch let error as VolumeDataError {
                    problem = error.summary
                }
            }
            planned.append(
                BackupPlan.Volume(
                    claim: volume.claim, method: decision.method, reason: decision.reason, path: path,
                    problem: problem))
        }
        plan.volumes = planned
        return plan
    }
}

/// Takes the place of a store where only the survey is wanted.
private struct DiscardingWriter: BackupWriter {
    func append(_ items: [Item], cutBefore: Bool) async throws {}
    func finishItems() async throws -> Int { 0 }
    func publish(_ backup: Backup, results: ResultSet, volumes: [VolumeRecord]) async throws {}
    func discard(removingFiles: Bool) async -> Bool { true }
}
