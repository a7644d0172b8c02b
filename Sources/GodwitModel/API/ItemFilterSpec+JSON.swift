extension ItemFilterSpec {
    /// Takes the filter fields out of a Backup's or Restore's `spec`.
    init(_ spec: inout APIFields) throws(APIObjectError) {
        self.init()
        func pair(_ suffix: String) throws(APIObjectError) -> IncludesExcludesSpec {
            IncludesExcludesSpec(
                included: try spec.strings("included" + suffix), excluded: try spec.strings("excluded" + suffix))
        }
        namespaces = try pair("Namespaces")
        resources = try pair("Resources")
        clusterScopedResources = try pair("ClusterScopedResources")
        namespaceScopedResources = try pair("NamespaceScopedResources")
        includeClusterResources = try spec.bool("includeClusterResources")
        let single = try spec.selector("labelSelector")
        if let alternatives = spec.take("orLabelSelectors") {
            guard let list = alternatives.array else { throw spec.error("orLabelSelectors", "not a list") }
            for element in list { labelSelectors.append(try spec.selector(element, "orLabelSelectors")) }
        }
        if let single {
            guard labelSelectors.isEmpty else {
                throw spec.error("orLabelSelectors", "'labelSelector' is set too; only one of them may be")
            }
            labelSelectors = [single]
        }
    }

    /// Sets the filter fields in a `spec`.
    func write(to spec: inout JSONValue) {
        func pair(_ suffix: String, _ value: IncludesExcludesSpec) {
            spec.set("included" + suffix, value.included)
            spec.set("excluded" + suffix, value.excluded)
        }
        pair("Namespaces", namespaces)
        pair("Resources", resources)
        pair("ClusterScopedResources", clusterScopedResources)
        pair("NamespaceScopedResources", namespaceScopedResources)
        spec.set("includeClusterResources", includeClusterResources)
        if let only = labelSelectors.first, labelSelectors.count == 1 {
            spec["labelSelector"] = only.json
        } else if !labelSelectors.isEmpty {
            spec["orLabelSelectors"] = .array(labelSelectors.map(\.json))
        }
    }
}
