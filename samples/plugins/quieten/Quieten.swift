import GodwitPluginSDK

/// Restores CronJobs suspended, and marks what was backed up with who backed it up.
@main
struct Quieten {
    static func main() async {
        await PluginServer(backupItemActions: [Mark()], restoreItemActions: [Suspend()]).run()
    }
}

struct Suspend: RestoreItemAction {
    let name = "example.com/quieten"
    let appliesTo = ResourceSelector(includedResources: ["cronjobs.batch"])

    func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        item[path: "spec", "suspend"] = true
        return .restore(item)
    }
}

struct Mark: BackupItemAction {
    let name = "example.com/mark"
    let appliesTo = ResourceSelector(includedResources: ["configmaps", "secrets"])

    func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        var item = item
        item.annotations["example.com/backed-up-by"] = backup.name
        return BackupItemOutcome(item: item)
    }
}
