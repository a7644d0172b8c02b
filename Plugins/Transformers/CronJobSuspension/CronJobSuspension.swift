public import GodwitModel
public import GodwitPluginAPI

/// Restores CronJobs suspended, and sets those going again later.
///
/// Two clusters with the same jobs would run each of them twice. What stood there is kept in the annotation
/// `godwit.io/original-suspend`; a later restore, of a backup taken meanwhile, puts it back, and understands what MTC
/// keeps when it quiesces an application.
public struct CronJobSuspension: RestoreItemAction {
    /// The annotation that keeps what was replaced.
    public static let originalSuspendAnnotation = "godwit.io/original-suspend"

    /// What is done to CronJobs.
    public enum Mode: Sendable, Hashable {
        /// They are suspended; that one was not is kept in the annotation.
        case suspend
        /// What was kept is put back and the annotations removed; without one nothing changes.
        case restoreOriginal
    }

    /// `godwit.io/cron-job-suspension`
    public let name = "godwit.io/cron-job-suspension"
    /// CronJobs.
    public let appliesTo = ResourceSelector(includedResources: ["cronjobs.batch"])
    /// What is done.
    public let mode: Mode

    private static let annotations = [originalSuspendAnnotation, "migration.openshift.io/preQuiesceSuspend"]

    /// Suspends CronJobs, or no longer.
    public init(_ mode: Mode) { self.mode = mode }

    /// Changes whether the CronJob is suspended.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard item["spec"]?.object != nil else { return .restore(item) }
        var item = item
        switch mode {
        case .suspend:
            guard item[path: "spec", "suspend"]?.bool != true else { return .restore(item) }
            item[path: "spec", "suspend"] = true
            item[path: "metadata", "annotations", Self.originalSuspendAnnotation] = "false"
        case .restoreOriginal:
            let kept = original.annotations
            guard let annotation = Self.annotations.first(where: { kept[$0] != nil }) else { return .restore(item) }
            guard let suspend = kept[annotation].flatMap(Bool.init) else {
                return .restore(
                    item,
                    warnings: ["the annotation \(annotation) holds '\(kept[annotation] ?? "")', neither true nor false"]
                )
            }
            item[path: "spec", "suspend"] = .bool(suspend)
            for annotation in Self.annotations { item[path: "metadata", "annotations", annotation] = nil }
            if item[path: "metadata", "annotations"]?.object?.isEmpty == true {
                item[path: "metadata", "annotations"] = nil
            }
        }
        return .restore(item)
    }
}
