/// A JSON merge patch (RFC 7396): an object whose members replace the document's, and whose nulls remove them.
public enum JSONMergePatch {
    /// The document after the patch. Every patch fits every document.
    public static func apply(_ patch: JSONValue, to document: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = document.object ?? [:]
        for (key, change) in changes {
            if change.isNull {
                members[key] = nil
            } else if change.object != nil {
                members[key] = apply(change, to: members[key] ?? .null)
            } else {
                members[key] = change
            }
        }
        return .object(members)
    }

    /// The merge patch that turns one document into the other; nil when none is needed.
    ///
    /// A merge patch cannot set a member to null, so a null in an object of the target counts as an absent member,
    /// which is what it means to Kubernetes.
    public static func difference(from: JSONValue, to: JSONValue) -> JSONValue? {
        guard case .object(let old) = from, case .object(let new) = to else {
            if from == to { return nil }
            return to
        }
        var patch: [String: JSONValue] = [:]
        for (key, value) in new where !value.isNull {
            guard let before = old[key] else {
                patch[key] = value
                continue
            }
            if before.object != nil || value.object == nil {
                patch[key] = difference(from: before, to: value)
            } else {
                patch[key] = value
            }
        }
        for (key, before) in old {
            let isGone = new[key].map { $0.isNull && !before.isNull } ?? true
            if isGone { patch[key] = .null }
        }
        if patch.isEmpty { return nil }
        return .object(patch)
    }
}
