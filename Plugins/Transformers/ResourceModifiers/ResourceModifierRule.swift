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
    /// - Throws: ``JSONPatchError`` or ``StrategicMergePatchError``.
    public func applied(to object: KubernetesObject) throws -> KubernetesObject {
        switch self {
        case .jsonPatch(let patch): return KubernetesObject(try Self.patched(object.value, patch))
        case .mergePatches(let patches):
            return KubernetesObject(patches.reduce(object.value) { JSONMergePatch.apply($1, to: $0) })
        case .strategicPatches(let patches):
            var value = object.value
            for patch in patches { value = try StrategicMergePatch.apply(patch, to: value, kind: object.kind) }
            return KubernetesObject(value)
        }
    }

    private static func patched(_ value: JSONValue, _ patch: JSONPatch) throws(JSONPatchError) -> JSONValue {
        do throws(JSONPatchError) {
            return try patch.applied(to: value)
        } catch {
            switch error.kind {
            case .testFailed: return value
            default: throw error
            }
        }
    }
}
