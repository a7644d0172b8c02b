import GodwitModel

/// A value of a resource modifier document together with where it stands, so that faults can say where.
struct ModifierField {
    let value: JSONValue
    let rule: Int?
    let path: String

    func fault(_ kind: ResourceModifierError.Kind, _ detail: String) -> ResourceModifierError {
        ResourceModifierError(kind, rule: rule, field: path.isEmpty ? nil : path, detail)
    }

    /// The members, if all are known.
    func members(
        _ known: Set<String>
    ) throws(ResourceModifierError) -> [String: JSONValue] {
        guard let members = value.object else { throw fault(.invalidValue, "it is not an object") }
        if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
            throw child(unknown, .null).fault(.unknownField, "there is no such field")
        }
        return members
    }

    func child(_ key: String, _ value: JSONValue) -> ModifierField {
        ModifierField(value: value, rule: rule, path: path.isEmpty ? key : "\(path).\(key)")
    }

    /// A member that is there and not null.
    func optional(_ key: String) -> ModifierField? {
        guard let member = value[key], !member.isNull else { return nil }
        return child(key, member)
    }

    /// A text that must be there and not be empty.
    func requiredText(_ key: String) throws(ResourceModifierError) -> String {
        let text = try optional(key)?.text() ?? ""
        guard !text.isEmpty else { throw child(key, .null).fault(.missingField, "it is missing or empty") }
        return text
    }

    /// The elements of a list.
    func elements() throws(ResourceModifierError) -> [ModifierField] {
        guard let elements = value.array else { throw fault(.invalidValue, "it is not a list") }
        return elements.enumerated().map { index, element in
            ModifierField(value: element, rule: rule, path: "\(path)[\(index)]")
        }
    }

    /// The elements of a list that may be missing.
    func optionalElements(_ key: String) throws(ResourceModifierError) -> [ModifierField] {
        try optional(key)?.elements() ?? []
    }

    /// The value as text. In Velero's format numbers and booleans may stand where text is meant.
    func text() throws(ResourceModifierError) -> String {
        switch value {
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let number): return String(number)
        case .number(let literal): return literal
        case .null: return ""
        case .array, .object:
            throw fault(.invalidValue, "it is not a text; write objects and lists as JSON in quotes")
        }
    }
}
