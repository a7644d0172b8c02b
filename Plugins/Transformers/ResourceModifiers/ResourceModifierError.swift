public import GodwitModel

/// What is wrong with a resource modifier document, or with its use on an item.
public struct ResourceModifierError: AdvisedError, Hashable {
    /// The classes of fault.
    public enum Kind: Sendable, Hashable {
        /// The text is neither YAML nor JSON, or not an object.
        case malformed
        /// The document's version is not `v1`.
        case unsupportedVersion
        /// A ConfigMap without exactly one data key.
        case malformedConfigMap
        /// There are no rules.
        case noRules
        /// A field that the format does not have.
        case unknownField
        /// A field that must be there.
        case missingField
        /// A field whose value cannot be used.
        case invalidValue
        /// More or less than one kind of patch.
        case patchKinds
        /// A patch that the item's resource does not take.
        case unsupportedResource
    }

    /// The class of fault.
    public let kind: Kind
    /// The rule, counted from 1; nil when the fault is not in a rule.
    public let rule: Int?
    /// The field, such as `conditions.groupResource`; nil when it is not one field.
    public let field: String?
    /// What is wrong.
    public let detail: String

    /// A fault.
    public init(_ kind: Kind, rule: Int? = nil, field: String? = nil, _ detail: String) {
        self.kind = kind
        self.rule = rule
        self.field = field
        self.detail = detail
    }

    /// Where.
    public var summary: String {
        switch (rule, field) {
        case (let rule?, let field?): "resource modifiers, rule \(rule), \(field)"
        case (let rule?, nil): "resource modifiers, rule \(rule)"
        case (nil, let field?): "resource modifiers, \(field)"
        case (nil, nil): "resource modifiers"
        }
    }
    /// What is wrong.
    public var reason: String? { detail }
    /// What to write.
    public var advice: String? {
        switch kind {
        case .malformed: "write a YAML or JSON document with version and resourceModifierRules"
        case .unsupportedVersion: "write 'version: v1'"
        case .malformedConfigMap: "put the document into one key of the ConfigMap's data"
        case .noRules: "write at least one rule under resourceModifierRules"
        case .unknownField: "remove the field, or correct its name"
        case .missingField, .invalidValue: nil
        case .unsupportedResource: "use mergePatches or patches for it"
        case .patchKinds: "give each rule one of patches, mergePatches and strategicPatches"
        }
    }
}
