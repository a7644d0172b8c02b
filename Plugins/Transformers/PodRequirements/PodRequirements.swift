import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Leaves out of pods and of the pod templates of all workload kinds what another cluster cannot give: labels of nodes,
/// taints, priority classes and service accounts, by the patterns of their names.
///
/// Namespaces no longer ask for these labels of nodes on behalf of their pods. With a priority class goes the preemption
/// policy that came from it. OpenShift's plugin for Velero leaves out the node selector of every pod; here it is the
/// user's choice, and then for templates too.
public struct PodRequirements: RestoreItemAction {
    /// `godwit.io/pod-requirements`
    public let name = "godwit.io/pod-requirements"
    /// The workload kinds, and namespaces.
    public let appliesTo = ResourceSelector(includedResources: PodSpecs.resources + ["namespaces"])
    /// What is left out.
    public let rules: PodRequirementRules

    /// Leaves out by rules.
    public init(rules: PodRequirementRules) { self.rules = rules }

    /// Cleans the object's pod spec, or the namespace's node selector.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        if GroupKind(of: item) == GroupKind("", "Namespace") {
            NamespaceNodeSelector(labels: rules.nodeLabels).remove(from: &item)
        }
        guard let podSpec = PodSpecs.path(in: GroupKind(of: item)) else { return .restore(item) }
        podSpec.update(&item) { value in
            guard var spec = value.object else { return }
            clean(&spec)
            value = .object(spec)
        }
        return .restore(item)
    }

    private func clean(_ spec: inout [String: JSONValue]) {
        if !rules.nodeLabels.isEmpty { NodeAffinity(labels: rules.nodeLabels).remove(from: &spec) }
        if !rules.taints.isEmpty, let tolerations = spec["tolerations"]?.array {
            let kept = tolerations.filter { !rules.taints.matches($0["key"]?.string) }
            if kept.count < tolerations.count { spec["tolerations"] = kept.isEmpty ? nil : .array(kept) }
        }
        if let name = spec["priorityClassName"]?.string, !name.isEmpty, rules.priorityClasses.matches(name) {
            for key in ["priorityClassName", "priority", "preemptionPolicy"] { spec[key] = nil }
        }
        // The second name is the deprecated one of the same field.
        if let name = (spec["serviceAccountName"] ?? spec["serviceAccount"])?.string, !name.isEmpty,
            rules.serviceAccounts.matches(name)
        {
            for key in ["serviceAccountName", "serviceAccount"] { spec[key] = nil }
        }
    }
}
