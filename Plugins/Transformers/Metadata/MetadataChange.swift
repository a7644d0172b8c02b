public import GodwitModel
public import GodwitPluginAPI

/// Sets, renames and leaves out labels or annotations of everything that is restored.
///
/// Changed is the metadata of the objects themselves. Pod templates and selectors stay: a Service that selects by a label
/// would lose its pods without a word. Entries that other parts of the restore add later, such as Velero's labels, stay
/// too.
public struct MetadataChange: RestoreItemAction {
    /// `godwit.io/labels` or `godwit.io/annotations`
    public var name: String { "godwit.io/\(rules.field.rawValue)" }
    /// Everything.
    public let appliesTo = ResourceSelector()
    /// What becomes of the entries.
    public let rules: MetadataRules

    /// Changes labels or annotations by rules.
    public init(rules: MetadataRules) { self.rules = rules }

    /// Changes the object's labels or annotations.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        let before = item[path: "metadata", rules.field.rawValue]?.object ?? [:]
        let (after, taken) = rules.applied(to: before)
        let warnings = taken.map { "\($0) keeps its name: there is another \(rules.newName(of: $0))" }
        guard after != before else { return .restore(item, warnings: warnings) }
        var item = item
        item[path: "metadata", rules.field.rawValue] = after.isEmpty ? nil : .object(after)
        return .restore(item, warnings: warnings)
    }
}
