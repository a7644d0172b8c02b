/// Why a JSON object is not the Backup or Restore that it should be.
public struct APIObjectError: AdvisedError, Hashable {
    /// The kind that was expected: `Backup`.
    public let kind: String
    /// The field: `spec.ttl`; empty for the object as a whole.
    public let field: String
    /// What is wrong, in words.
    public let detail: String

    init(kind: String, field: String, _ detail: String) {
        self.kind = kind
        self.field = field
        self.detail = detail
    }

    /// What failed.
    public var summary: String { field.isEmpty ? "not a \(kind)" : "not a \(kind): '\(field)'" }

    /// What is wrong.
    public var reason: String? { detail }

    /// What to do next.
    public var advice: String? { "compare it with the velero.io/v1 \(kind) type" }
}
