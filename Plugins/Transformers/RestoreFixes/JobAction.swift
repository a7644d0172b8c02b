public import GodwitModel
public import GodwitPluginAPI

/// Removes the old job's uid from the labels of a job and its pods and from its selector: the new cluster generates them.
///
/// A job with `manualSelector` keeps all: there the labels are its author's.
public struct JobAction: RestoreItemAction {
    /// `godwit.io/job`
    public let name = "godwit.io/job"
    /// Jobs.
    public let appliesTo = ResourceSelector(includedResources: ["jobs.batch"])

    /// The label before Kubernetes 1.27, and since.
    private static let labels = ["controller-uid", "batch.kubernetes.io/controller-uid"]
    private static let places: [ArraySlice<String>] = [
        ["metadata", "labels"], ["spec", "template", "metadata", "labels"], ["spec", "selector", "matchLabels"],
        ["spec", "selector"],
    ]

    /// The action.
    public init() {}

    /// Removes the generated labels.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard item[path: "spec", "manualSelector"]?.bool != true else { return .restore(item) }
        var item = item
        for place in Self.places {
            guard var members = item.value[path: place]?.object else { continue }
            for label in Self.labels { members[label] = nil }
            item.value[path: place] = members.isEmpty ? nil : .object(members)
        }
        return .restore(item)
    }
}
