/// Kubernetes' strategic merge patch: a merge patch that matches the elements of lists by a member such as `name`.
///
/// Directives: `$patch: merge|replace|delete`, `$retainKeys`, `$deleteFromPrimitiveList/<field>` and
/// `$setElementOrder/<field>`, as described in kubernetes/community, "Strategic Merge Patch".
public enum StrategicMergePatch {
    /// The object after the patch.
    ///
    /// - Parameter kind: one of Kubernetes' own kinds, whose rules for lists are known.
    /// - Throws: ``StrategicMergePatchError``.
    public static func apply(
        _ patch: JSONValue, to object: JSONValue, kind: String
    ) throws(StrategicMergePatchError) -> JSONValue {
        guard let schema = MergeSchema.kind(kind) else {
            throw StrategicMergePatchError(.unknownKind, at: [], "'\(kind)' is not one of Kubernetes' own kinds")
        }
        guard case .object(let changes) = patch else {
            throw StrategicMergePatchError(.notAnObject, at: [], "the patch is not an object")
        }
        guard case .object(let members) = object else {
            throw StrategicMergePatchError(.notAnObject, at: [], "what it patches is not an object")
        }
        var merge = StrategicMerge()
        return .object(try merge.object(changes, into: members, schema))
    }
}

/// One application of a patch; it remembers where it is, for errors.
struct StrategicMerge {
    /// Prefixes and names of directives.
    enum Directive {
        static let patch = "$patch"
        static let retainKeys = "$retainKeys"
        static let deleteFromPrimitiveList = "$deleteFromPrimitiveList/"
        static let setElementOrder = "$setElementOrder/"
    }

    typealias Members = [String: JSONValue]
    var path: [String] = []

    /// Merges an object.
    mutating func object(
        _ patch: Members, into original: Members, _ schema: MergeSchema
    ) throws(StrategicMergePatchError) -> Members {
        var patch = patch
        var result = original
        if let mode = patch.removeValue(forKey: Directive.patch) {
            switch mode.string {
            case "merge": break
            case "replace": return Self.withoutDirectives(patch)
            case "delete": return [:]
            default: throw malformed("'$patch' of an object is merge, replace or delete")
            }
        }
        try retainKeys(&patch, in: &result)
        for (key, change) in patch where key.hasPrefix(Directive.deleteFromPrimitiveList) {
            try deleteFromPrimitiveList(key, change, in: &result)
            patch[key] = nil
        }
        for (key, order) in patch where key.hasPrefix(Directive.setElementOrder) {
            let field = String(key.dropFirst(Directive.setElementOrder.count))
            patch[key] = nil
            try orderedList(field, order, change: patch.removeValue(forKey: field), in: &result, schema)
        }
        for (key, change) in patch {
            path.append(key)
            result[key] = try field(change, into: result[key], schema, key)
            path.removeLast()
        }
        return result
    }

    /// Merges one field; nil removes it.
    private mutating func field(
        _ change: JSONValue, into original: JSONValue?, _ schema: MergeSchema, _ key: String
    ) throws(StrategicMergePatchError) -> JSONValue? {
        switch (change, original) {
        case (.null, _): return nil
        case (.object(let changes), .object(let members)):
            if case .replacedObject = schema[key] { return .object(Self.withoutDirectives(changes)) }
            return .object(try object(changes, into: members, schema.object(key)))
        case (.object(let changes), _):
            // Not an empty object: what a directive asks of nothing must still be checked.
            return .object(Self.withoutDirectives(try object(changes, into: [:], schema.object(key))))
        case (.array(let changes), .array(let elements)):
            return .array(try list(changes, into: elements, schema[key], order: nil))
        case (.array(let changes), _):
            return .array(try list(changes, into: [], schema[key], order: nil))
        default: return change
        }
    }

    /// Drops from an object what the patch's list of kept members does not name.
    private func retainKeys(_ patch: inout Members, in result: inout Members) throws(StrategicMergePatchError) {
        guard let directive = patch.removeValue(forKey: Directive.retainKeys) else { return }
        guard let names = directive.array?.map(\.string), !names.contains(nil) else {
            throw malformed("'$retainKeys' is not a list of names")
        }
        let kept = Set(names.compactMap { $0 })
        let unknown = patch.first { key, value in
            !value.isNull && !kept.contains(key) && !key.hasPrefix(Directive.deleteFromPrimitiveList)
                && !key.hasPrefix(Directive.setElementOrder)
        }
        if let unknown { throw malformed("'\(unknown.key)' is set, but '$retainKeys' does not name it") }
        result = result.filter { kept.contains($0.key) }
    }

    private func deleteFromPrimitiveList(
        _ key: String, _ change: JSONValue, in result: inout Members
    ) throws(StrategicMergePatchError) {
        let field = String(key.dropFirst(Directive.deleteFromPrimitiveList.count))
        guard let values = change.array else { throw malformed("'\(key)' is not a list") }
        guard let elements = result[field]?.array else { return }
        result[field] = .array(elements.filter { !values.contains($0) })
    }

    private mutating func orderedList(
        _ field: String, _ order: JSONValue, change: JSONValue?, in result: inout Members, _ schema: MergeSchema
    ) throws(StrategicMergePatchError) {
        path.append(field)
        defer { path.removeLast() }
        guard let order = order.array else { throw malformed("'$setElementOrder/\(field)' is not a list") }
        let original = result[field]?.array
        switch change {
        case .null: result[field] = nil
        case nil where original == nil: break
        case nil, .array:
            result[field] = .array(
                try list(change?.array ?? [], into: original ?? [], schema[field], order: order))
        default: throw malformed("a list is ordered, but the patch holds something else")
        }
    }

    func malformed(_ detail: String) -> StrategicMergePatchError {
        StrategicMergePatchError(.malformedDirective, at: path, detail)
    }

    /// What a patch leaves where there was nothing: directives and nulls have done their work.
    static func withoutDirectives(_ members: Members) -> Members {
        var result: Members = [:]
        for (key, value) in members where !key.isDirective && !value.isNull { result[key] = withoutDirectives(value) }
        return result
    }

    static func withoutDirectives(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members): .object(withoutDirectives(members))
        case .array(let elements):
            .array(
                elements.compactMap { element in
                    let mode = element[Directive.patch]?.string
                    let isMarker = mode == "delete" || mode == "replace" && element.object?.count == 1
                    return isMarker ? nil : withoutDirectives(element)
                })
        default: value
        }
    }
}

extension String {
    fileprivate var isDirective: Bool {
        self == StrategicMerge.Directive.patch || self == StrategicMerge.Directive.retainKeys
            || hasPrefix(StrategicMerge.Directive.deleteFromPrimitiveList)
            || hasPrefix(StrategicMerge.Directive.setElementOrder)
    }
}
