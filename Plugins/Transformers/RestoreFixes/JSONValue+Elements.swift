import GodwitModel

extension JSONValue {
    /// Removes elements of an array member, and the member when none is left.
    mutating func removeElements(of key: String, where isUnwanted: (JSONValue) -> Bool) {
        guard let elements = self[key]?.array, elements.contains(where: isUnwanted) else { return }
        let kept = elements.filter { !isUnwanted($0) }
        self[key] = kept.isEmpty ? nil : .array(kept)
    }
}
