public import GodwitModel
public import GodwitPluginAPI

/// Leaves out pods and jobs that have finished: restored, they would run again.
///
/// As in Velero a job has finished when it has a completion time; one that failed is restored.
public struct FinishedItemAction: RestoreItemAction {
    /// `godwit.io/finished`
    public let name = "godwit.io/finished"
    /// Pods and jobs.
    public let appliesTo = ResourceSelector(includedResources: ["pods", "jobs.batch"])

    /// The action.
    public init() {}

    /// Skips the item if its status in the backup says that it has finished.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        switch original.kind {
        case "Pod":
            let phase = original[path: "status", "phase"]?.string
            guard phase == "Succeeded" || phase == "Failed" else { return .restore(item) }
            return .skip(reason: "the pod has finished")
        case "Job":
            guard let time = original[path: "status", "completionTime"]?.string, !time.isEmpty else {
                return .restore(item)
            }
            return .skip(reason: "the job completed at \(time)")
        default:
            return .restore(item)
        }
    }
}
