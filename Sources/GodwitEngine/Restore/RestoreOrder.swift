public import GodwitModel

/// In which order resources are restored: Velero's default priorities, and three changes.
///
/// SecurityContextConstraints come at the beginning, as OADP has it: a pod that one of them admits is refused before it is
/// there, or admitted by another one, with another user.
///
/// Quotas come after everything they count: until the quota controller has found the kind of a CRD that was just
/// restored, the server forbids every object of that kind for which a quota exists ("status unknown for quota").
///
/// Admission webhooks and aggregated APIs come after everything they could stand in the way of. Velero restores them
/// in their alphabetical place, where a webhook whose backend is not running yet rejects what follows.
public struct RestoreOrder: Sendable, Hashable {
    /// Restored first, one after the other.
    public let first: [GroupResource]
    /// Restored after everything that is not named, one after the other.
    public let last: [GroupResource]

    /// An order.
    public init(first: [GroupResource], last: [GroupResource]) {
        self.first = first
        self.last = last
    }

    /// The default order.
    public static let standard = RestoreOrder(
        first: [
            "customresourcedefinitions.apiextensions.k8s.io", "securitycontextconstraints.security.openshift.io",
            "namespaces", "storageclasses.storage.k8s.io",
            "volumesnapshotclasses.snapshot.storage.k8s.io", "volumesnapshotcontents.snapshot.storage.k8s.io",
            "volumesnapshots.snapshot.storage.k8s.io", "datauploads.velero.io", "persistentvolumes",
            "persistentvolumeclaims", "clusterroles.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io",
            "serviceaccounts", "clusterrolebindings.rbac.authorization.k8s.io",
            "rolebindings.rbac.authorization.k8s.io", "secrets", "configmaps", "limitranges",
            "priorityclasses.scheduling.k8s.io", "pods", "replicasets.apps", "clusterclasses.cluster.x-k8s.io",
            "endpoints", "services",
        ].map { GroupResource(parsing: $0) },
        last: [
            "clusterbootstraps.run.tanzu.vmware.com", "clusters.cluster.x-k8s.io",
            "clusterresourcesets.addons.cluster.x-k8s.io", "apps.kappctrl.k14s.io",
            "packageinstalls.packaging.carvel.dev", "resourcequotas", "apiservices.apiregistration.k8s.io",
            "mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "validatingwebhookconfigurations.admissionregistration.k8s.io",
        ].map { GroupResource(parsing: $0) })

    /// Resources that are never restored: they belong to the cluster they were taken from.
    public static let neverRestored: Set<GroupResource> = Set(
        [
            "nodes", "events", "events.events.k8s.io", "backups.velero.io", "restores.velero.io",
            "resticrepositories.velero.io", "csinodes.storage.k8s.io", "volumeattachments.storage.k8s.io",
            "backuprepositories.velero.io",
        ].map { GroupResource(parsing: $0) })

    /// Groups of resources: the groups one after the other, what is inside one at the same time.
    public func groups(_ resources: some Sequence<GroupResource>) -> [[GroupResource]] {
        let present = Set(resources)
        let named = Set(first + last)
        let others = present.subtracting(named).sorted()
        return first.filter(present.contains).map { [$0] } + (others.isEmpty ? [] : [others])
            + last.filter(present.contains).map { [$0] }
    }
}
