import GodwitEngine
import GodwitModel

/// A backup's plan as a table.
struct BackupPlanView {
    private let plan: BackupPlan

    init(_ plan: BackupPlan) { self.plan = plan }

    func rendered(_ style: Style) -> String {
        var lines = [
            style.bold("Plan of backup '\(plan.backup)' of \(plan.source), Kubernetes \(plan.serverVersion)"), "",
            "Namespaces: " + (plan.namespaces?.joined(separator: ", ") ?? "all"),
        ]
        if !plan.excludedNamespaces.isEmpty {
            lines.append("Excluded by their label: \(plan.excludedNamespaces.joined(separator: ", "))")
        }
        lines.append("")
        var table = Table("RESOURCE", "API VERSION", "READ", "ACTIONS")
        for step in plan.steps {
            table.add(
                step.resource.description, step.apiVersion, Self.reading(step),
                step.actions.isEmpty ? "-" : step.actions.joined(separator: ", "))
        }
        lines.append(table.isEmpty ? "Nothing is selected." : table.rendered())
        if let volumes = plan.volumes, !volumes.isEmpty { lines += ["", Self.table(volumes).rendered()] }
        if !plan.omissions.isEmpty {
            lines += ["", "Left out:"] + plan.omissions.map { "  \($0.resource): \($0.reason)" }
        }
        lines += plan.warnings.map { "\n\(style.yellow("warning:")) \($0)" }
        lines += plan.failures.map { "\n\(style.red("error:")) not in the backup: \($0)" }
        return lines.joined(separator: "\n")
    }

    private static func table(_ volumes: [BackupPlan.Volume]) -> Table {
        var table = Table("VOLUME", "METHOD", "FROM", "WHY")
        for volume in volumes {
            let problem = volume.problem.map { "; cannot be read: \($0)" } ?? ""
            table.add(
                volume.claim.description, volume.method.rawValue, volume.path ?? "-", volume.reason + problem)
        }
        return table
    }

    private static func reading(_ step: BackupPlan.Step) -> String {
        var parts = step.first.isEmpty ? [] : ["\(step.first.count) one by one"]
        let namespaces = step.listings.compactMap(\.namespace)
        if !namespaces.isEmpty { parts.append("in \(namespaces.joined(separator: ", "))") }
        if step.listings.contains(where: { $0.namespace == nil }) { parts.append("all") }
        if let selector = step.listings.first?.labelSelector { parts.append("where \(selector)") }
        return parts.isEmpty ? "when an included item needs it" : parts.joined(separator: ", then ")
    }
}
