/// Lets fingers that know Velero's command line type what they always typed.
///
/// Go's flag library takes `--flag`, `--flag=true` and `--flag=false` for a boolean; argument-parser takes one form
/// only. Here the bare form becomes `--flag=true`.
enum ArgumentNormalizer {
    /// The flags that are true, false, or not given.
    private static let booleans: Set<String> = [
        "--include-cluster-resources", "--preserve-nodeports", "--confirm", "--details", "--dry-run", "--default",
        "--allow-partially-failed", "--force", "--exit-code", "--exclude-caches", "--delete-extra", "--verify", "--all",
        "--prune", "--volume-data", "--default-volumes-to-fs-backup", "--restore-volumes", "--verify-volumes",
        "--snapshot-volumes", "--snapshot-move-data", "--read-back", "--write-sparse-files", "--drop-nodeports",
        "--suspend-cronjobs",
    ]

    static func normalize(_ arguments: [String]) -> [String] {
        var normalized: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return normalized + arguments[index...] }
            guard booleans.contains(argument) else {
                normalized.append(argument)
                continue
            }
            let next = index + 1 < arguments.count ? arguments[index + 1] : ""
            // `--flag true` is not Go's form, but nothing else could be meant by it.
            let values = argument == "--suspend-cronjobs" ? ["true", "false", "original"] : ["true", "false"]
            normalized.append(values.contains(next) ? argument : "\(argument)=true")
        }
        return normalized
    }
}
