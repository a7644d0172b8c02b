/// Why a patch is not one, or does not fit the document.
///
/// Values of the document never stand in it: the document may be a Secret.
public struct JSONPatchError: AdvisedError, Hashable {
    /// The classes of failure.
    public enum Kind: Sendable, Hashable {
        /// The patch is not a list of operations, or an operation lacks a member.
        case malformedPatch
        /// A path is not a JSON pointer.
        case malformedPointer
        /// A path leads nowhere in the document.
        case pathNotFound
        /// A `test` operation found another value.
        case testFailed
        /// The patch asks for more than a patch may.
        case tooLarge
    }

    /// The class of failure.
    public let kind: Kind
    /// What is wrong, in words.
    public let detail: String
    /// Which operation of the patch, counted from 0; nil when the patch as a whole is wrong.
    public internal(set) var operation: Int?

    init(_ kind: Kind, _ detail: String, operation: Int? = nil) {
        self.kind = kind
        self.detail = detail
        self.operation = operation
    }

    /// What failed.
    public var summary: String {
        operation.map { "operation \($0) of the JSON patch cannot be applied" } ?? "the JSON patch cannot be read"
    }

    /// What is wrong.
    public var reason: String? { detail }

    /// What to write instead.
    public var advice: String? {
        switch kind {
        case .malformedPatch:
            #"write a list of operations (RFC 6902): [{"op": "replace", "path": "/spec/replicas", "value": 2}]"#
        case .malformedPointer: "write a JSON pointer (RFC 6901): /metadata/labels/app, with ~1 for '/' and ~0 for '~'"
        case .pathNotFound: "compare the path with the object; 'add' needs the parent, the others the value itself"
        case .testFailed, .tooLarge: nil
        }
    }
}
