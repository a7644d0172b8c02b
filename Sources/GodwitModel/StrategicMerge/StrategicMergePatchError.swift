/// Why a strategic merge patch does not fit. Values of the object never stand in it.
public struct StrategicMergePatchError: AdvisedError, Hashable {
    /// The classes of failure.
    public enum Kind: Sendable, Hashable {
        /// The kind is not one of Kubernetes' own, so nothing is known of its lists.
        case unknownKind
        /// The patch, or what it patches, is not an object.
        case notAnObject
        /// A `$…` directive has a form it cannot have.
        case malformedDirective
        /// An element of a list that is merged by a member lacks that member.
        case missingMergeKey
    }

    /// The class of failure.
    public let kind: Kind
    /// Where in the object: `spec.template.spec.containers`; empty for the whole.
    public let path: String
    /// What is wrong, in words.
    public let detail: String

    init(_ kind: Kind, at path: [String], _ detail: String) {
        self.kind = kind
        self.path = path.joined(separator: ".")
        self.detail = detail
    }

    /// What failed.
    public var summary: String {
        path.isEmpty ? "the strategic merge patch cannot be applied" : "the strategic merge patch fails at '\(path)'"
    }

    /// What is wrong.
    public var reason: String? { detail }

    /// What to write instead.
    public var advice: String? {
        switch kind {
        case .unknownKind: "use a merge patch (RFC 7396) or a JSON patch (RFC 6902) for this kind"
        case .missingMergeKey: "name in each element of the patch's list the element that it changes"
        case .notAnObject, .malformedDirective: nil
        }
    }
}
