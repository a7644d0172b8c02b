public import GodwitModel

/// Why it is not known how to reach a cluster, or as whom.
public struct KubeconfigError: AdvisedError, Hashable {
    /// The classes of failure.
    public enum Kind: Sendable, Hashable {
        /// There is neither a kubeconfig nor a service account of a pod.
        case noConfiguration
        /// A file that is named does not exist.
        case fileNotFound
        /// A file could not be read.
        case unreadable
        /// A file is larger than any honest one.
        case tooLarge
        /// A file is neither YAML nor JSON.
        case syntax
        /// A field has a value that cannot be used.
        case invalid
        /// A context, cluster or user that is named is not defined.
        case undefined
        /// A field is required and missing.
        case missing
        /// The legacy `auth-provider`, which Kubernetes has removed too.
        case unsupported
        /// A credential plugin could not be run, failed, or gave something unusable.
        case plugin
    }

    /// Where the fault is.
    public struct Origin: Sendable, Hashable {
        /// The file, or what stands for it; nil when no file is at fault.
        public var file: String?
        /// The field, such as `users[admin].user.exec.command`.
        public var field: String?

        /// A place.
        public init(file: String? = nil, field: String? = nil) {
            self.file = file
            self.field = field
        }

        /// A field in the same file.
        func field(_ name: String) -> Origin { Origin(file: file, field: name) }
    }

    /// The class of failure.
    public let kind: Kind
    /// Where the fault is.
    public let origin: Origin
    /// What is wrong.
    public let reason: String?
    /// What to do next.
    public let advice: String?

    /// Describes a failure.
    public init(_ kind: Kind, _ origin: Origin, reason: String, advice: String?) {
        self.kind = kind
        self.origin = origin
        self.reason = reason
        self.advice = advice
    }

    /// The failure, with file and field.
    public var summary: String {
        switch (origin.file, origin.field) {
        case (let file?, let field?): "cannot use the cluster configuration (\(file): \(field))"
        case (let file?, nil): "cannot use the cluster configuration (\(file))"
        case (nil, let field?): "cannot use the cluster configuration (\(field))"
        case (nil, nil): "no cluster configuration"
        }
    }
}
