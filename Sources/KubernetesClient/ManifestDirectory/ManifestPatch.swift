import GodwitModel

/// A patch, read and ready to be applied to an object of a directory.
struct ManifestPatch: Sendable {
    let document: JSONValue
    private let patch: Patch.Kind
    private let kind: String

    init(_ patch: Patch, kind: String) throws {
        self.patch = patch.kind
        self.kind = kind
        if patch.kind == .apply {
            // JSON is YAML too.
            let documents = try KubernetesYAML.parse(String(decoding: patch.body, as: UTF8.self))
            document = documents.first ?? [:]
        } else {
            document = try JSONValue(parsing: patch.body)
        }
        if patch.kind == .json { _ = try JSONPatch(json: document) }
    }

    func apply(to object: JSONValue) throws -> JSONValue {
        switch patch {
        case .json: return try JSONPatch(json: document).applied(to: object)
        case .merge: return JSONMergePatch.apply(document, to: object)
        case .strategicMerge: return try StrategicMergePatch.apply(document, to: object, kind: kind)
        case .apply:
            do {
                return try StrategicMergePatch.apply(document, to: object, kind: kind)
            } catch  where error.kind == .unknownKind {
                return JSONMergePatch.apply(document, to: object)
            }
        }
    }
}
