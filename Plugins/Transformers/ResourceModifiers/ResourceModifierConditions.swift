public import Foundation
public import GodwitModel

/// Which items a rule is for. All conditions must hold, on the item as it stands in the backup.
public struct ResourceModifierConditions: Sendable {
    /// `plural.group`, or `plural` for the core group; both parts may hold wildcards. More than one where the document
    /// gives alternatives in braces.
    public let groupResources: [String]
    /// An unanchored regular expression for names; nil for all.
    public let resourceNameRegex: NSRegularExpression?
    /// Namespaces in the backup, with wildcards. Cluster-scoped items are not asked.
    public let namespaces: IncludesExcludes
    /// Labels.
    public let labelSelector: LabelSelector?
    /// Values that must stand at places.
    public let matches: [ResourceModifierMatch]

    let groups: [Glob]

    /// Whether the group and the conditions fit. The plural name is for the action's selector to compare: an object
    /// does not tell it.
    public func hold(for object: KubernetesObject) -> Bool {
        let group = GroupVersion(apiVersion: object.apiVersion).group
        guard groups.contains(where: { $0.matches(group) }) else { return false }
        if let namespace = object.namespace, !namespaces.contains(namespace) { return false }
        if let resourceNameRegex, !resourceNameRegex.matches(object.name) { return false }
        if let labelSelector, !labelSelector.matches(object.labels) { return false }
        return matches.allSatisfy { $0.holds(for: object.value) }
    }
}

/// A value that must stand at a place.
public struct ResourceModifierMatch: Sendable, Hashable {
    /// The place.
    public let path: JSONPointer
    /// The value; null also holds where the parent is there and the value is not, as in Velero.
    public let value: JSONValue

    /// Whether the value stands there; numbers are compared by value.
    public func holds(for object: JSONValue) -> Bool {
        if let found = try? object.value(at: path) { return found.isSameJSON(as: value) }
        guard value.isNull, !path.tokens.isEmpty else { return false }
        return (try? object.value(at: JSONPointer(tokens: path.tokens.dropLast()))) != nil
    }
}

extension NSRegularExpression {
    fileprivate func matches(_ text: String) -> Bool {
        firstMatch(in: text, range: NSRange(location: 0, length: text.utf16.count)) != nil
    }
}
