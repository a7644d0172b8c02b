extension KubernetesObject {
    /// The spec that says what the pods of a pod or workload, or the virtual machines of KubeVirt's kinds, are made of; nil
    /// for an object that has none.
    public var podSpec: JSONValue? {
        if kind == "Pod" || kind == "VirtualMachineInstance" { return self["spec"] }
        return self[path: "spec", "template", "spec"]
            ?? self[path: "spec", "jobTemplate", "spec", "template", "spec"]
            ?? self[path: "spec", "virtualMachineTemplate", "spec", "template", "spec"]
    }

    /// The claims that its pods or virtual machines name as their volumes. A DataVolume has the name of its claim. Those that
    /// a StatefulSet makes of its templates are not among them: ``ClaimName/isMade(by:)``.
    public var namedClaims: Set<ClaimName> {
        guard let namespace, let volumes = podSpec?["volumes"]?.array else { return [] }
        let names = volumes.flatMap { volume in
            [
                volume[path: "persistentVolumeClaim", "claimName"], volume[path: "dataVolume", "name"],
                volume[path: "ephemeral", "persistentVolumeClaim", "claimName"],
                volume[path: "memoryDump", "claimName"],
            ]
        }
        return Set(names.compactMap { $0?.string.map { ClaimName(namespace: namespace, name: $0) } })
    }
}
