public import GodwitModel
public import GodwitPluginAPI

/// Makes CRDs that were created through v1beta1 acceptable to v1.
///
/// A CRD that stands in the backup at v1beta1 is converted where the cluster serves v1 only, as Kubernetes has since 1.22.
/// (Velero's users must do that by hand.) A schema that v1 finds wanting is not made up: the server's refusal says where.
///
/// A server shows them at v1 with `preserveUnknownFields: true`, which it does not take at v1. The same is said by
/// `x-kubernetes-preserve-unknown-fields` in each version's schema, which v1 demands in any case.
public struct CustomResourceDefinitionAction: RestoreItemAction {
    /// `godwit.io/custom-resource-definition`
    public let name = "godwit.io/custom-resource-definition"
    /// CRDs.
    public let appliesTo = ResourceSelector(includedResources: ["customresourcedefinitions.apiextensions.k8s.io"])

    /// The action.
    public init() {}

    /// Moves the flag from the spec into the schemas.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        if item.apiVersion == "apiextensions.k8s.io/v1beta1",
            !context.serves(.customResourceDefinitions, version: "v1beta1"),
            context.serves(.customResourceDefinitions, version: "v1")
        {
            CustomResourceDefinitionConversion.convert(&item)
        }
        guard item.apiVersion == "apiextensions.k8s.io/v1",
            item[path: "spec", "preserveUnknownFields"]?.bool == true
        else { return .restore(item) }
        item[path: "spec", "preserveUnknownFields"] = false
        let versions = item[path: "spec", "versions"]?.array ?? []
        item[path: "spec", "versions"] = .array(
            versions.map { version in
                var version = version
                if version[path: "schema", "openAPIV3Schema"]?.object == nil {
                    version[path: "schema", "openAPIV3Schema"] = ["type": "object"]
                }
                version[path: "schema", "openAPIV3Schema", "x-kubernetes-preserve-unknown-fields"] = true
                return version
            })
        return .restore(item)
    }
}
