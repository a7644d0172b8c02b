public import GodwitModel
public import GodwitPluginAPI

/// A resource modifier document of Velero, version v1: rules that patch items on restore.
public struct ResourceModifiers: Sendable {
    /// The rules, in their order.
    public let rules: [ResourceModifierRule]

    /// Reads a document: YAML or JSON, alone or as the only data key of a ConfigMap manifest.
    ///
    /// - Throws: ``ResourceModifierError`` that names rule and field.
    public init(parsing text: String) throws(ResourceModifierError) {
        var document = try Self.document(text)
        if document["kind"]?.string == "ConfigMap", document["resourceModifierRules"] == nil {
            guard let data = document["data"]?.object, data.count == 1, let inner = data.values.first?.string else {
                throw ResourceModifierError(.malformedConfigMap, "the ConfigMap does not have exactly one data key")
            }
            document = try Self.document(inner)
        }
        rules = try ResourceModifierReader.rules(document)
    }

    private static func document(_ text: String) throws(ResourceModifierError) -> JSONValue {
        do {
            return try YAMLDocument.parse(text)
        } catch {
            throw ResourceModifierError(.malformed, error.reason)
        }
    }

    /// The rules as actions. They keep their order and come after all other transformers.
    public var actions: [any RestoreItemAction] {
        rules.enumerated().map { ResourceModifierAction($1, number: $0 + 1) }
    }
}

/// One rule of a resource modifier document.
///
/// Its conditions are asked of the item as the backup holds it, so that no rule sees what another one changed, as in
/// Velero; its patch is applied to what the actions before have made of it.
public struct ResourceModifierAction: RestoreItemAction {
    /// `godwit.io/resource-modifier-` and the rule's number.
    public let name: String
    /// The rule's resource.
    public let appliesTo: ResourceSelector
    /// The rule.
    public let rule: ResourceModifierRule

    /// An action for a rule.
    ///
    /// - Parameter number: the rule's place in its document, from 1.
    public init(_ rule: ResourceModifierRule, number: Int) {
        self.rule = rule
        name = "godwit.io/resource-modifier-\(number)"
        let names = rule.conditions.groupResources
        // A resource part of '*' leaves only the group to compare, which an object tells.
        let isAnyOfGroup = names.contains { GroupResource(parsing: $0).resource == "*" }
        appliesTo = ResourceSelector(includedResources: isAnyOfGroup ? [] : names)
    }

    /// Patches the item if the rule's conditions hold.
    ///
    /// - Throws: ``JSONPatchError`` or ``StrategicMergePatchError`` when the patch does not fit the item.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard rule.conditions.hold(for: original) else { return .restore(item) }
        return .restore(try rule.change.applied(to: item))
    }
}
