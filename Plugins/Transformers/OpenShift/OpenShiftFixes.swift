public import GodwitPluginAPI

/// The fixes that objects of OpenShift need on their way into another cluster, OpenShift or not.
///
/// They are what the openshift-velero-plugin does, as far as it is about objects: images are not copied. They act on
/// OpenShift's own kinds and on objects that bear OpenShift's marks, so that they run in every restore.
public enum OpenShiftFixes {
    /// All fixes in the order in which they must run: first those that leave items out.
    public static func all() -> [any RestoreItemAction] {
        [
            BuildAction(), BuildPodAction(), BuildConfigMapAction(), TemplateInstanceAction(), ImageTagAction(),
            ReplicationControllerAction(), SystemRoleBindingAction(), GeneratedSecretAction(),
            ServiceCertificateAction(), RouteAction(), ImageStreamAction(), PullSecretReferenceAction(),
            ScaleTargetAction(),
        ]
    }
}
