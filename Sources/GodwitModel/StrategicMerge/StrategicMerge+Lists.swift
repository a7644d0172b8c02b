extension StrategicMerge {
    /// Merges a list as its field's rule says.
    ///
    /// - Parameter order: the elements (or, for objects, their merge keys) in the order that the patch wants.
    mutating func list(
        _ patch: [JSONValue], into original: [JSONValue], _ field: MergeSchema.Field?, order: [JSONValue]?
    ) throws(StrategicMergePatchError) -> [JSONValue] {
        switch field {
        case .list(let key, let schema): return try objects(patch, into: original, key, schema, order: order)
        case .set: return set(patch, into: original, order: order)
        default:
            // An atomic list is replaced; when only its order is named there is nothing to replace it with.
            return order != nil && patch.isEmpty ? original : patch.map(Self.withoutDirectives)
        }
    }

    private func set(_ patch: [JSONValue], into original: [JSONValue], order: [JSONValue]?) -> [JSONValue] {
        var merged: [JSONValue] = []
        var seen: Set<JSONValue> = []
        for element in original + patch where seen.insert(element).inserted { merged.append(element) }
        return arrange(merged, patchOrder: order ?? patch, serverOrder: original) { $0 }
    }

    private mutating func objects(
        _ patch: [JSONValue], into original: [JSONValue], _ key: String, _ schema: MergeSchema, order: [JSONValue]?
    ) throws(StrategicMergePatchError) -> [JSONValue] {
        var merged = original
        var changes: [JSONValue] = []
        var isReplaced = false
        for element in patch {
            guard case .object(let members) = element else {
                throw malformed("an element of the patch's list is not an object")
            }
            switch members[Directive.patch]?.string {
            case "delete":
                let wanted = try mergeKey(key, of: element)
                merged.removeAll { $0[key] == wanted }
            case "replace": isReplaced = true
            case "merge": throw malformed("'$patch: merge' has no meaning in an element of a list")
            case .some: throw malformed("'$patch' of an element is delete or replace")
            case nil: changes.append(element)
            }
        }
        if isReplaced { return changes.map(Self.withoutDirectives) }
        if let order { try check(changes, follow: order, key) }
        for change in changes {
            let wanted = try mergeKey(key, of: change)
            let index = merged.firstIndex { $0[key] == wanted }
            path.append("[\(key)]")
            let base = index.map { merged[$0].object ?? [:] } ?? [:]
            let element = try object(change.object ?? [:], into: base, schema)
            path.removeLast()
            if let index { merged[index] = .object(element) } else { merged.append(.object(element)) }
        }
        return arrange(merged, patchOrder: order ?? changes, serverOrder: original) { $0[key] ?? .null }
    }

    private func mergeKey(_ key: String, of element: JSONValue) throws(StrategicMergePatchError) -> JSONValue {
        guard let value = element[key], !value.isNull else {
            throw StrategicMergePatchError(.missingMergeKey, at: path, "an element of the patch's list has no '\(key)'")
        }
        return value
    }

    /// The elements of a patch must stand in the order that the same patch asks for.
    private func check(
        _ changes: [JSONValue], follow order: [JSONValue], _ key: String
    ) throws(StrategicMergePatchError) {
        var last = -1
        for change in changes {
            let wanted = try mergeKey(key, of: change)
            guard let index = order.firstIndex(where: { $0[key] == wanted }), index > last else {
                throw malformed("the order of the list and '$setElementOrder' do not agree")
            }
            last = index
        }
    }

    /// Brings the elements that the patch names into the patch's order, and merges them with the others, which keep
    /// the server's order: an element that the server had before another stays before it.
    private func arrange(
        _ elements: [JSONValue], patchOrder: [JSONValue], serverOrder: [JSONValue],
        by identity: (JSONValue) -> JSONValue
    ) -> [JSONValue] {
        let patchPlaces = places(patchOrder, by: identity)
        let serverPlaces = places(serverOrder, by: identity)
        let named = elements.filter { patchPlaces[identity($0)] != nil }
            .sorted { (patchPlaces[identity($0)] ?? 0) < (patchPlaces[identity($1)] ?? 0) }
        let others = elements.filter { patchPlaces[identity($0)] == nil }
        var result: [JSONValue] = []
        var rest = others[...]
        for element in named {
            // Without a place in the server's list an element comes after what the server has.
            let place = serverPlaces[identity(element)] ?? Int.max
            while let other = rest.first, (serverPlaces[identity(other)] ?? Int.max) <= place {
                result.append(other)
                rest.removeFirst()
            }
            result.append(element)
        }
        return result + rest
    }

    private func places(_ elements: [JSONValue], by identity: (JSONValue) -> JSONValue) -> [JSONValue: Int] {
        var places: [JSONValue: Int] = [:]
        for (index, element) in elements.enumerated() where places[identity(element)] == nil {
            places[identity(element)] = index
        }
        return places
    }
}
