public import Foundation
public import GodwitModel

/// Which items a rule is for. All conditions must hold, on the item as it stands in the backup.
public struct ResourceModifierConditions: Sendable {
    /// `plural.group`, or `plural` for the core group; both parts may hold wildcards.
    public let groupResource: String
    /// An unanchored regular expression for names; nil for all.
    public let resourceNameRegex: NSRegularExpression?
    /// Namespaces in the backup, with wildcards. Cluster-scoped items are not asked.
    public let namespaces: IncludesExcludes
    /// Labels.
    public let labelSelector: LabelSelector?
    /// Values that must stand at places: the `test` operations of a JSON patch.
    public let matches: JSONPatch

    let group: Glob

    /// Whether the group and the conditions fit. The plural name is for the action's selector to compare: an object
    /// does not tell it.
    ///
    /// - Throws: ``JSONPatchError`` when a match cannot be evaluated.
    public func hold(for object: KubernetesObject) throws -> Bool {
        guard group.matches(GroupVersion(apiVersion: object.apiVersion).group) else { return false }
        if let namespace = object.namespace, !namespaces.contains(namespace) { return false }
        if let resourceNameRegex, !resourceNameRegex.matches(object.name) { return false }
        if let labelSelector, !labelSelector.matches(object.labels) { return false }
        return try matchesHold(for: object)
    }

    private func matchesHold(for object: KubernetesObject) throws(JSONPatchError) -> Bool {
        guard !matches.operations.isEmpty else { return true }
        do throws(JSONPatchError) {
            _ = try matches.applied(to: object.value)
        } catch {
            switch error.kind {
            case .testFailed, .pathNotFound: return false
            default: throw error
            }
        }
        return true
    }
}

extension NSRegularExpression {
    fileprivate func matches(_ text: String) -> Bool {
        firstMatch(in: text, range: NSRange(location: 0, length: text.utf16.count)) != nil
    }
}
