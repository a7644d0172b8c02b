/// A label selector, as in `kubectl -l` and in API objects.
public struct LabelSelector: Sendable, Hashable {
    /// One condition; all of a selector's conditions must hold.
    public enum Requirement: Sendable, Hashable {
        /// The label is one of these values.
        case isIn(key: String, values: [String])
        /// The label is absent or none of these values.
        case notIn(key: String, values: [String])
        /// The label is there.
        case exists(key: String)
        /// The label is absent.
        case doesNotExist(key: String)
    }

    /// The conditions; none means everything matches.
    public let requirements: [Requirement]

    /// A selector of these conditions.
    public init(_ requirements: [Requirement]) { self.requirements = requirements }

    /// Whether all conditions hold.
    public func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .isIn(let key, let values): labels[key].map(values.contains) ?? false
            case .notIn(let key, let values): labels[key].map { !values.contains($0) } ?? true
            case .exists(let key): labels[key] != nil
            case .doesNotExist(let key): labels[key] == nil
            }
        }
    }
}

/// A selector that could not be read.
public struct LabelSelectorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The selector as it was written.
    public let text: String
    /// What is wrong.
    public let reason: String

    /// What is wrong and what to write.
    public var description: String {
        "'\(text)' is not a label selector: \(reason). Write for example app=shop,tier in (web,api),!legacy"
    }
}
