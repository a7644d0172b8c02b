/// What is to be said of snapshots that a run may have taken which died before its backup existed: only their storages know
/// of them.
struct DeadRunsSnapshots: CustomStringConvertible {
    /// The name of the backup that came to nothing.
    let backup: String

    var description: String {
        "a run of this name died after it had begun to take snapshots of volumes; those that it took stay in their storages, "
            + "with the tag or label velero.io/backup=\(backup). Delete there those that 'godwit backup describe \(backup) "
            + "--details' does not name"
    }
}
