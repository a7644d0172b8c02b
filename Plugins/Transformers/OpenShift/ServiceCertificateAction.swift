public import GodwitModel
public import GodwitPluginAPI

/// Leaves out what OpenShift's service CA makes again: the certificates that it signs for Services, and the ConfigMap in
/// which it publishes itself to every namespace.
///
/// A cluster that is no OpenShift makes neither. There they are restored, so that pods that mount them start, with a
/// warning: nobody renews the certificates.
public struct ServiceCertificateAction: RestoreItemAction {
    /// OpenShift 4, and 3.
    private static let services = [
        "service.beta.openshift.io/originating-service-name", "service.alpha.openshift.io/originating-service-name",
    ]
    private static let published = "openshift-service-ca.crt"

    /// `godwit.io/openshift-service-certificate`
    public let name = "godwit.io/openshift-service-certificate"
    /// Secrets and ConfigMaps.
    public let appliesTo = ResourceSelector(includedResources: ["secrets", "configmaps"])

    /// The action.
    public init() {}

    /// Skips the item if it is one of them and the cluster makes it again.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        let annotations = original.annotations
        if original.kind == "ConfigMap", original.name == Self.published {
            guard !Self.hasServiceCA(context) else { return .skip(reason: "every cluster publishes its own") }
            return .restore(
                item,
                warnings: ["it holds the service CA of the old cluster; this one has none that would publish its own"])
        }
        guard original.kind == "Secret", let service = Self.services.lazy.compactMap({ annotations[$0] }).first else {
            return .restore(item)
        }
        guard !Self.hasServiceCA(context) else {
            return .skip(reason: "the cluster signs a new certificate for service '\(service)'")
        }
        return .restore(
            item,
            warnings: [
                "the old cluster signed this certificate for service '\(service)'; this one signs none, so replace it "
                    + "before it expires"
            ])
    }

    /// Whether the cluster is an OpenShift.
    ///
    /// Its security context constraints tell, unless the restore brings their definition from the backup; the API of
    /// projects is no custom resource and cannot come that way.
    private static func hasServiceCA(_ context: any RestoreContext) -> Bool {
        if context.serves(GroupResource(group: "project.openshift.io", resource: "projects"), version: "v1") {
            return true
        }
        let constraints = GroupResource(group: "security.openshift.io", resource: "securitycontextconstraints")
        let definition = ItemIdentity(
            resource: .customResourceDefinitions, namespace: nil, name: constraints.description)
        return context.serves(constraints, version: "v1") && !context.mayRestore(definition)
    }
}
