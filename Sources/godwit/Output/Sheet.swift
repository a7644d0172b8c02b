import Foundation
import GodwitEngine
import GodwitModel

/// Names and values below each other, as `describe` prints them.
struct Sheet {
    private let style: Style
    private var rows: [(name: String, lines: [String])] = []

    init(_ style: Style) { self.style = style }

    mutating func add(_ name: String, _ value: String) { rows.append((name, [value])) }

    /// A list; `<none>` when it is empty.
    mutating func add(_ name: String, _ values: [String]) { rows.append((name, values.isEmpty ? ["<none>"] : values)) }

    mutating func add(_ name: String, _ date: Date?) { add(name, date.map(RFC3339.format) ?? "<n/a>") }

    mutating func add(filter: ItemFilterSpec) {
        add("Namespaces", filter.namespaces)
        if filter.usesScopedResources {
            add("Cluster-scoped resources", filter.clusterScopedResources)
            add("Namespaced resources", filter.namespaceScopedResources)
        } else {
            add("Resources", filter.resources)
            let scope = filter.includeClusterResources.map { $0 ? "all" : "none" }
            add("Cluster-scoped", scope ?? "those that included items need")
        }
        if !filter.labelSelectors.isEmpty { add("Label selectors", filter.labelSelectors.map(\.description)) }
    }

    private mutating func add(_ name: String, _ spec: IncludesExcludesSpec) {
        let included = spec.included.isEmpty ? "*" : spec.included.joined(separator: ", ")
        add(name, spec.excluded.isEmpty ? included : "\(included) except \(spec.excluded.joined(separator: ", "))")
    }

    mutating func add(results: ResultSet) {
        add("Errors", Self.lines(results.errors))
        add("Warnings", Self.lines(results.warnings))
    }

    private static func lines(_ messages: Messages) -> [String] {
        messages.general + messages.cluster.map { "cluster: \($0)" }
            + messages.namespaces.sorted { $0.key < $1.key }.flatMap { namespace, texts in
                texts.map { "\(namespace): \($0)" }
            }
    }

    func rendered() -> String {
        let width = (rows.map(\.name.count).max() ?? 0) + 3
        return rows.map { row in
            row.lines.enumerated().map { index, line in
                let name = index == 0 ? style.bold(row.name + ":") : ""
                let length = index == 0 ? row.name.count + 1 : 0
                return name + String(repeating: " ", count: width - length) + line
            }.joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
