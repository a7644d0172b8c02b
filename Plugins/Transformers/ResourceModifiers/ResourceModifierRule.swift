public import GodwitModel

/// One rule of a resource modifier document: which items, and what is changed.
public struct ResourceModifierRule: Sendable {
    /// Which items.
    public let conditions: ResourceModifierConditions
    /// What is changed.
    public let change: ResourceModifierChange
}

/// What a rule changes. A rule has one kind of patch.
public enum ResourceModifierChange: Sendable, Hashable {
    /// One JSON patch of all the operations; where a `test` fails, nothing is changed.
    case jsonPatch(JSONPatch)
    /// Merge patches in order.
    case mergePatches([JSONValue])
    /// Strategic merge patches in order; only Kubernetes' own kinds take them.
    case strategicPatches([JSONValue])

    /// The object after the change.
    ///
    /// - Throws: ``JSONPatchError``, ``StrategicMergePatchError``, or ``ResourceModifierError`` for a strategic patch of a
    ///   custom resource.
    public func applied(to object: KubernetesObject) throws -> KubernetesObject {
        switch self {
        case .jsonPatch(let patch): return KubernetesObject(try Self.patched(object.value, patch))
        case .mergePatches(let patches):
            return KubernetesObject(patches.reduce(object.value) { JSONMergePatch.apply($1, to: $0) })
        case .strategicPatches(let patches):
            try Self.checkIsBuiltIn(object)
            var value = object.value
            for patch in patches { value = try StrategicMergePatch.apply(patch, to: value, kind: object.kind) }
            return KubernetesObject(value)
        }
    }

    private static func patched(_ value: JSONValue, _ patch: JSONPatch) throws(JSONPatchError) -> JSONValue {
        do throws(JSONPatchError) {
            return try patch.applied(to: value)
        } catch {
            // A test of something that is not there has failed as well.
            guard let index = error.operation, case .test = patch.operations[index] else { throw error }
            return value
        }
    }

    /// A custom resource may share its kind's name with a built-in one, whose rules for lists would then be applied.
    private static func checkIsBuiltIn(_ object: KubernetesObject) throws(ResourceModifierError) {
        let group = GroupVersion(apiVersion: object.apiVersion).group
        guard group.contains("."), !group.hasSuffix(".k8s.io") else { return }
        throw ResourceModifierError(
            .unsupportedResource, field: "strategicPatches",
            "\(object.kind) of \(group) is a custom resource, which takes no strategic merge patch")
    }
}
