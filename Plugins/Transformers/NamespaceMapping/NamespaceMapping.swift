import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Moves objects to other namespaces, and every reference to a mapped namespace with them.
///
/// What is changed: `metadata.namespace`; the name of a Namespace object, with the label `kubernetes.io/metadata.name`;
/// and the places listed in `NamespaceReferences`. Cluster-scoped objects keep their names.
///
/// What is not changed, because nobody can tell a namespace from other text there: DNS names such as
/// `db.shop.svc.cluster.local` in environment variables, arguments, ConfigMaps and `externalName`; custom resources
/// other than those listed; annotations, `kubectl.kubernetes.io/last-applied-configuration` included.
///
/// Every value is looked up once in the mapping, so `a:b,b:a` swaps two namespaces.
public struct NamespaceMapping: RestoreItemAction {
    /// `godwit.io/namespace-mapping`
    public let name = "godwit.io/namespace-mapping"
    /// Everything: any object may be in a mapped namespace.
    public let appliesTo = ResourceSelector()
    /// Namespace in the backup to namespace in the cluster.
    public let mapping: [String: String]

    /// Maps namespaces by exact name.
    public init(mapping: [String: String]) { self.mapping = mapping }

    /// Changes the object's namespace and its references.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        .restore(mapped(item))
    }

    /// The object with all namespaces mapped.
    public func mapped(_ object: KubernetesObject) -> KubernetesObject {
        guard !mapping.isEmpty else { return object }
        var object = object
        if let namespace = object.namespace, let target = mapping[namespace] { object.namespace = target }
        let mentions = NamespaceMentions(mapping: mapping)
        for reference in NamespaceReferences.of(GroupKind(of: object)) {
            reference.path.update(&object) { mentions.map(&$0, reference.form) }
        }
        return object
    }
}
