package import GodwitModel
package import GodwitPluginAPI

extension ResourceSelector {
    /// Reads a selector as it travels.
    ///
    /// - Throws: `LabelSelectorError` when its label selector is malformed.
    package init(wire: Generated_ResourceSelector) throws {
        self.init(
            includedNamespaces: wire.includedNamespaces, excludedNamespaces: wire.excludedNamespaces,
            includedResources: wire.includedResources, excludedResources: wire.excludedResources,
            labelSelector: wire.selector.isEmpty ? nil : try LabelSelector(parsing: wire.selector))
    }

    /// The selector as it travels.
    package var wire: Generated_ResourceSelector {
        var wire = Generated_ResourceSelector()
        wire.includedNamespaces = includedNamespaces
        wire.excludedNamespaces = excludedNamespaces
        wire.includedResources = includedResources
        wire.excludedResources = excludedResources
        wire.selector = labelSelector?.description ?? ""
        return wire
    }
}

extension ItemIdentity {
    /// Reads an identity as it travels.
    package init(wire: Generated_ResourceIdentifier) {
        self.init(
            resource: GroupResource(group: wire.group, resource: wire.resource), namespace: wire.namespace,
            name: wire.name)
    }

    /// The identity as it travels.
    package var wire: Generated_ResourceIdentifier {
        var wire = Generated_ResourceIdentifier()
        wire.group = resource.group
        wire.resource = resource.resource
        wire.namespace = namespace ?? ""
        wire.name = name
        return wire
    }
}
