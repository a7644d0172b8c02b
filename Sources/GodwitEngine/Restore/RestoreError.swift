public import GodwitModel

/// Why a restore cannot begin.
public enum RestoreError: AdvisedError, Hashable {
    /// Namespaces were named that the backup does not hold.
    case namespacesNotInBackup([String], backup: String)
    /// A backup that is not complete cannot be restored.
    case backupNotUsable(name: String, phase: String)

    /// What is wrong.
    public var summary: String {
        switch self {
        case .namespacesNotInBackup(let names, let backup):
            "backup '\(backup)' holds no namespace \(names.map { "'\($0)'" }.joined(separator: ", "))"
        case .backupNotUsable(let name, let phase):
            "backup '\(name)' cannot be restored: it is \(phase)"
        }
    }

    /// The summary says it all.
    public var reason: String? { nil }

    /// What to do next.
    public var advice: String? {
        switch self {
        case .namespacesNotInBackup(_, let backup):
            "see what it holds with 'godwit backup describe \(backup) --details'"
        case .backupNotUsable: "choose another backup with 'godwit backup get'"
        }
    }
}
