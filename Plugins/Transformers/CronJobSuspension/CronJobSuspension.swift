public import GodwitModel
public import GodwitPluginAPI

/// Restores CronJobs suspended, and sets those going again later.
///
/// Two clusters with the same jobs would run each of them twice. What stood there is kept in the annotation
/// `godwit.io/original-suspend`; a later restore, of a backup taken meanwhile, puts it back. MTC, when it quiesces an
/// application, keeps no state but a mark that it was there: `migration.openshift.io/preQuiesceSuspend: "true"`. A CronJob
/// with the mark is set going, as MTC itself does, whatever the mark's value.
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

    /// MTC's mark of a CronJob that it suspended.
    private static let quiescedAnnotation = "migration.openshift.io/preQuiesceSuspend"

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
        case .restoreOriginal: return Self.restoringOriginal(of: item, original)
        }
        return .restore(item)
    }

    private static func restoringOriginal(
        of item: KubernetesObject, _ original: KubernetesObject
    ) -> RestoreItemOutcome {
        let suspend: Bool
        if let text = original.annotations[originalSuspendAnnotation] {
            guard let kept = Bool(text) else {
                return .restore(
                    item,
                    warnings: ["the annotation \(originalSuspendAnnotation) holds '\(text)', neither true nor false"])
            }
            suspend = kept
        } else if original.annotations[quiescedAnnotation] != nil {
            suspend = false
        } else {
            return .restore(item)
        }
        var item = item
        item[path: "spec", "suspend"] = .bool(suspend)
        for annotation in [originalSuspendAnnotation, quiescedAnnotation] {
            item[path: "metadata", "annotations", annotation] = nil
        }
        if item[path: "metadata", "annotations"]?.object?.isEmpty == true {
            item[path: "metadata", "annotations"] = nil
        }
        return .restore(item)
    }
}
