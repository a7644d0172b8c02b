public import GodwitModel

/// What becomes of the labels or of the annotations of an object: some are left out, some renamed, some set, in this order.
public struct MetadataRules: Sendable, Hashable {
    /// What the rules are for.
    public enum Field: String, Sendable, Hashable {
        /// `metadata.labels`
        case labels
        /// `metadata.annotations`
        case annotations
    }

    /// What the rules are for.
    public let field: Field
    private let dropped: [Glob]
    private let renamed: [String: String]
    private let set: [String: String]

    /// Checks the rules.
    ///
    /// - Parameters:
    ///   - dropping: patterns of the keys that are left out.
    ///   - renaming: old key to new key, each looked up once, so that two may be swapped.
    ///   - setting: values by key, in place of what stands there.
    /// - Throws: ``MetadataRuleError`` for the first rule that Kubernetes would not take, or that contradicts another.
    public init(
        _ field: Field, dropping: [String] = [], renaming: [String: String] = [:], setting: [String: String] = [:]
    ) throws(MetadataRuleError) {
        self.field = field
        var dropped: [Glob] = []
        for pattern in dropping {
            do {
                dropped.append(try Glob(pattern))
            } catch {
                throw MetadataRuleError(field: field, rule: pattern, fault: error.reason)
            }
        }
        self.dropped = dropped
        for (old, new) in renaming.sorted(by: { $0.key < $1.key }) {
            let rule = "\(old)=\(new)"
            try Self.check(key: new, field, rule)
            guard renaming.values.count(where: { $0 == new }) == 1 else {
                throw MetadataRuleError(field: field, rule: rule, fault: "another one gets the same name")
            }
            guard setting[new] == nil else {
                throw MetadataRuleError(field: field, rule: rule, fault: "'\(new)' is also set")
            }
        }
        for (key, value) in setting.sorted(by: { $0.key < $1.key }) {
            let rule = "\(key)=\(value)"
            try Self.check(key: key, field, rule)
            if field == .labels, let problem = MetadataKey.problem(withLabelValue: value) {
                throw MetadataRuleError(
                    field: field, rule: rule, fault: "'\(value)' is no value of a label: \(problem)")
            }
        }
        renamed = renaming
        set = setting
    }

    /// Whether nothing is asked for.
    public var isEmpty: Bool { dropped.isEmpty && renamed.isEmpty && set.isEmpty }

    /// The map after the rules. A name that an entry should get and another one has already stays with that one.
    ///
    /// - Returns: the map, and what could not be renamed, sorted.
    func applied(to map: [String: JSONValue]) -> (map: [String: JSONValue], taken: [String]) {
        let kept = map.filter { key, _ in !dropped.contains { $0.matches(key) } }
        let taken = entriesThatStay(in: kept)
        var result: [String: JSONValue] = [:]
        for (key, value) in kept { result[taken.contains(key) ? key : newName(of: key)] = value }
        for (key, value) in set { result[key] = .string(value) }
        return (result, taken.sorted())
    }

    /// The map with what is to be set, as far as it has nothing by that name.
    func supplementing(_ map: [String: JSONValue]) -> [String: JSONValue] {
        map.merging(set.mapValues(JSONValue.string)) { present, _ in present }
    }

    /// The entries whose new name belongs to an entry that stays. Each of them stays too, and may be in another's way.
    private func entriesThatStay(in map: [String: JSONValue]) -> Set<String> {
        var staying: Set<String> = []
        while true {
            let more = renamed.filter { old, new in
                map[old] != nil && !staying.contains(old) && map[new] != nil
                    && (renamed[new] == nil || staying.contains(new))
            }
            guard !more.isEmpty else { return staying }
            staying.formUnion(more.keys)
        }
    }

    /// The name that an entry was to get.
    func newName(of key: String) -> String { renamed[key] ?? key }

    private static func check(key: String, _ field: Field, _ rule: String) throws(MetadataRuleError) {
        guard let problem = MetadataKey.problem(with: key) else { return }
        throw MetadataRuleError(field: field, rule: rule, fault: "'\(key)' is no key: \(problem)")
    }
}

/// A rule for labels or annotations that cannot be used.
public struct MetadataRuleError: AdvisedError, Hashable {
    /// What the rule is for.
    public let field: MetadataRules.Field
    /// The rule as it was written.
    public let rule: String
    /// What is wrong with it.
    public let fault: String

    /// Which rule.
    public var summary: String { "'\(rule)' is not a rule for \(field.rawValue)" }
    /// What is wrong.
    public var reason: String? { fault }
    /// What to write.
    public var advice: String? {
        "keys are names with an optional domain, such as example.com/team; patterns know *, ? and [abc]"
    }
}
