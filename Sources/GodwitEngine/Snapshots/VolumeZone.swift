public import GodwitModel

extension KubernetesObject {
    /// The failure domain that a PersistentVolume names: by its labels, else by its node affinity, where Velero looks.
    /// Several zones of a regional volume are joined by `__`, as Google's in-tree volumes write them.
    public var volumeZone: String? {
        for key in ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"] {
            if let zone = labels[key], !zone.isEmpty { return zone }
        }
        let keys = [
            "topology.ebs.csi.aws.com/zone", "topology.disk.csi.azure.com/zone", "topology.gke.io/zone",
            "topology.cinder.csi.openstack.org/zone", "topology.manila.csi.openstack.org/zone",
            "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone",
        ]
        let terms = self[path: "spec", "nodeAffinity", "required", "nodeSelectorTerms"]?.array ?? []
        let expressions = terms.flatMap { $0["matchExpressions"]?.array ?? [] }
        for key in keys {
            var zones: [String] = []
            for expression in expressions where expression["key"]?.string == key {
                for zone in (expression["values"]?.array ?? []).compactMap(\.string) where !zones.contains(zone) {
                    zones.append(zone)
                }
            }
            guard let first = zones.first else { continue }
            // Terms are alternatives; only a regional volume is in all of them.
            return key == "topology.gke.io/zone" ? zones.joined(separator: "__") : first
        }
        return nil
    }
}
