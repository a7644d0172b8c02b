public import GodwitModel

/// What a restore did with one item of a backup.
public struct ItemOutcome: Sendable, Hashable {
    /// What happened.
    public enum Action: Sendable, Hashable {
        /// The object was created.
        case created
        /// An existing object was changed, or replaced, to be as in the backup.
        case updated
        /// The object exists and is as in the backup.
        case unchanged
        /// The item was left out, for this reason.
        case skipped(String)
        /// The item could not be restored, for this reason.
        case failed(String)
    }

    /// The item, as named in the backup.
    public let item: ItemIdentity
    /// The object in the cluster, where its name or namespace differs.
    public let target: ItemIdentity
    /// What happened.
    public let action: Action
    /// What a person should know.
    public let warnings: [String]

    /// An outcome.
    public init(item: ItemIdentity, target: ItemIdentity, action: Action, warnings: [String] = []) {
        self.item = item
        self.target = target
        self.action = action
        self.warnings = warnings
    }
}

extension ItemOutcome.Action {
    /// One word, for tables and scripts.
    public var word: String {
        switch self {
        case .created: "created"
        case .updated: "updated"
        case .unchanged: "unchanged"
        case .skipped: "skipped"
        case .failed: "failed"
        }
    }

    /// Why, where there is a reason.
    public var reason: String? {
        switch self {
        case .skipped(let reason), .failed(let reason): reason
        default: nil
        }
    }
}

extension ItemOutcome {
    /// The line of a restore's outcome file.
    public var json: JSONValue {
        var value: JSONValue = ["item": .string("\(item)"), "action": .string(action.word)]
        if target != item { value["target"] = .string("\(target)") }
        if let reason = action.reason { value["reason"] = .string(reason) }
        if !warnings.isEmpty { value["warnings"] = .array(warnings.map { .string($0) }) }
        return value
    }
}
