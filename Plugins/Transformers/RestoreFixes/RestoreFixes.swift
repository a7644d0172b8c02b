public import GodwitPluginAPI

/// The fixes that every restore makes to the built-in kinds, so that a new cluster takes what an old one gave.
///
/// They are what Velero's restore does, action by action; where one differs, its documentation says how and why.
/// Cleaning that is the same for all kinds (metadata, status, labels of the restore) is not here: the engine does it.
public enum RestoreFixes {
    /// What the user may choose.
    public struct Options: Sendable, Hashable {
        /// Restore PersistentVolumes whose reclaim policy is Delete as they are, as if it were Retain. Meant for when
        /// ReclaimPolicy sets another policy anyway. Otherwise, as in Velero, such a volume is left out and its claim
        /// gets a new one: two objects that may each delete the same disk are an accident in waiting.
        public var restoresDeletableVolumes: Bool
        /// Leave out what its controller makes again at once; see ``ControlledItemAction``.
        public var skipsControlledItems: Bool

        /// Options; by default Velero's rule for volumes, and controlled items left out.
        public init(restoresDeletableVolumes: Bool = false, skipsControlledItems: Bool = true) {
            self.restoresDeletableVolumes = restoresDeletableVolumes
            self.skipsControlledItems = skipsControlledItems
        }
    }

    /// All fixes in the order in which they must run: first those that leave items out, so that nothing is looked up
    /// for them; then one by one, each on kinds of its own. They come before the user's transformers (mappings,
    /// modifiers), which have the last word.
    public static func all(_ options: Options = Options()) -> [any RestoreItemAction] {
        let volumes = VolumeRules(restoresDeletableVolumes: options.restoresDeletableVolumes)
        let skipping: [any RestoreItemAction] = [
            MirrorPodAction(),
            FinishedItemAction(),
            AutoManagedAction(),
            PublishedCertificateAction(),
            VolumeSnapshotAction(),
        ]
        let controlled: [any RestoreItemAction] = options.skipsControlledItems ? [ControlledItemAction()] : []
        let fixing: [any RestoreItemAction] = [
            CustomResourceDefinitionAction(),
            PersistentVolumeAction(rules: volumes),
            PersistentVolumeClaimAction(rules: volumes),
            ServiceAccountAction(),
            SecretAction(),
            PodDependenciesAction(),
            PodAction(),
            JobAction(),
            HorizontalPodAutoscalerAction(),
            ServiceAction(),
            WebhookConfigurationAction(),
        ]
        return skipping + controlled + fixing
    }
}
