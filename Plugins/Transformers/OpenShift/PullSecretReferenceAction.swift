import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Removes references to generated pull secrets of service accounts: the new cluster makes others, and its controllers
/// name them where they belong.
public struct PullSecretReferenceAction: RestoreItemAction {
    private static let annotation = "openshift.io/internal-registry-pull-secret-ref"
    private static let secretsOfBuilds: [FieldPath] = ["spec.output", "spec.strategy[*]", "spec.source.images[*]"]

    /// `godwit.io/openshift-pull-secret-reference`
    public let name = "godwit.io/openshift-pull-secret-reference"
    /// ServiceAccounts, pods and BuildConfigs.
    public let appliesTo = ResourceSelector(includedResources: [
        "serviceaccounts", "pods", "buildconfigs.build.openshift.io",
    ])

    /// The action.
    public init() {}

    /// Removes the references.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        switch item.kind {
        case "ServiceAccount":
            Self.removeGenerated(from: &item.value, "secrets")
            Self.removeGenerated(from: &item.value, "imagePullSecrets")
            if item.annotations[Self.annotation].map(GeneratedSecretName.isGenerated) ?? false {
                item[path: "metadata", "annotations", Self.annotation] = nil
                if item.annotations.isEmpty { item[path: "metadata", "annotations"] = nil }
            }
        case "Pod":
            guard var spec = item["spec"], spec.object != nil else { break }
            Self.removeGenerated(from: &spec, "imagePullSecrets")
            item["spec"] = spec
        case "BuildConfig":
            for path in Self.secretsOfBuilds {
                path.update(&item) { holder in
                    for key in ["pushSecret", "pullSecret"] where Self.isGenerated(holder[key]) { holder[key] = nil }
                }
            }
        default: break
        }
        return .restore(item)
    }

    private static func isGenerated(_ reference: JSONValue?) -> Bool {
        reference?["name"]?.string.map(GeneratedSecretName.isGenerated) ?? false
    }

    private static func removeGenerated(from value: inout JSONValue, _ list: String) {
        guard let references = value[list]?.array else { return }
        let kept = references.filter { !isGenerated($0) }
        if kept.count < references.count { value[list] = kept.isEmpty ? nil : .array(kept) }
    }
}
