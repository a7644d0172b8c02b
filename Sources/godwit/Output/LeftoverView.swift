import GodwitEngine
import GodwitPluginAPI

/// What running and dead runs have in a location and no listing shows: it should not go unnoticed.
struct LeftoverView {
    enum Kind: String {
        case backups = "backup"
        case restores = "restore"
    }

    private let console: Console

    init(_ console: Console) { self.console = console }

    func show(_ catalog: BackupCatalog, of kind: Kind) async throws {
        for leftover in try await catalog.leftovers() where leftover.isBackup == (kind == .backups) {
            let size = Units.bytes(leftover.size)
            if leftover.isInProgress {
                let writer = leftover.writer.map { " (\($0))" } ?? ""
                console.complain("in progress: '\(leftover.name)'\(writer), \(size) so far")
            } else {
                console.complain(
                    "left over from a run that died: '\(leftover.name)', \(size); "
                        + "remove it with 'godwit \(kind.rawValue) delete \(leftover.name)'")
            }
        }
    }
}
