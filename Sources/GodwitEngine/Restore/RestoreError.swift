public import GodwitModel

/// Why a restore cannot begin.
public enum RestoreError: AdvisedError, Hashable {
    /// Namespaces were named that the backup does not hold.
    case namespacesNotInBackup([String], backup: String)
    /// A claim is mapped that the backup does not hold.
    case claimNotInBackup(ClaimName, backup: String)
    /// A claim is mapped into another namespace than its pods.
    case claimLeavesNamespace(ClaimName, target: ClaimName, namespace: String)
    /// A backup that is not complete cannot be restored.
    case backupNotUsable(name: String, phase: String)

    /// What is wrong.
    public var summary: String {
        switch self {
        case .namespacesNotInBackup(let names, let backup):
            "backup '\(backup)' holds no namespace \(names.map { "'\($0)'" }.joined(separator: ", "))"
        case .claimNotInBackup(let claim, let backup): "backup '\(backup)' holds no claim '\(claim)'"
        case .claimLeavesNamespace(let claim, let target, let namespace):
            "claim '\(claim)' cannot become '\(target)': its namespace is restored as '\(namespace)'"
        case .backupNotUsable(let name, let phase):
            "backup '\(name)' cannot be restored: it is \(phase)"
        }
    }

    /// The summary says it all.
    public var reason: String? { nil }

    /// What to do next.
    public var advice: String? {
        switch self {
        case .claimLeavesNamespace(_, let target, let namespace):
            "map it to '\(namespace)/\(target.name)', or its namespace with --namespace-mappings"
        case .namespacesNotInBackup(_, let backup), .claimNotInBackup(_, let backup):
            "see what it holds with 'godwit backup describe \(backup) --details'"
        case .backupNotUsable: "choose another backup with 'godwit backup get'"
        }
    }
}
