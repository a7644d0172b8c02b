public import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Where a custom resource holds images: `prometheuses.monitoring.coreos.com:spec.image`.
public struct CustomImagePath: Sendable, Hashable {
    /// The resource.
    public let resource: GroupResource
    /// The path of the images in its objects.
    public let path: FieldPath

    /// Names a path of a resource.
    public init(resource: GroupResource, path: FieldPath) {
        self.resource = resource
        self.path = path
    }

    /// Reads `GROUPRESOURCE:path.to[*].image`.
    ///
    /// - Throws: ``FieldPathError`` when the path is malformed or there is none.
    public init(parsing text: String) throws(FieldPathError) {
        let resource = text.prefix { $0 != ":" }
        guard !resource.isEmpty else { throw FieldPathError(path: text, reason: "the resource before ':' is missing") }
        path = try FieldPath(parsing: String(text.dropFirst(resource.count + 1)))
        self.resource = GroupResource(parsing: resource)
    }
}

/// Moves the images at a path of a custom resource to another registry.
public struct CustomImageRegistry: RestoreItemAction {
    /// `godwit.io/image-registry-` and the resource.
    public var name: String { "godwit.io/image-registry-\(path.resource)" }
    /// The resource.
    public let appliesTo: ResourceSelector
    /// Where the images are.
    public let path: CustomImagePath
    /// What becomes of an image.
    public let rules: ImageRegistryRules

    /// Moves images at a path by rules.
    public init(path: CustomImagePath, rules: ImageRegistryRules) {
        self.path = path
        self.rules = rules
        appliesTo = ResourceSelector(includedResources: [path.resource.description])
    }

    /// Changes the images at the path.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        path.path.update(&item, rules.map)
        return .restore(item)
    }
}
