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

    /// Errors and warnings; what the server refused in a line a cause, unless all of it is asked for.
    mutating func add(results: ResultSet, whole: Bool) {
        add("Errors", whole ? Self.lines(results.errors) : Self.digest(Self.lines(results.errors)))
        add("Warnings", Self.lines(results.warnings))
    }

    private static func digest(_ lines: [String]) -> [String] {
        var refusals = RefusalDigest()
        let others = lines.filter { !refusals.take($0) }
        guard !refusals.isEmpty else { return others }
        return refusals.lines.flatMap { [$0.summary, "next: \($0.advice)"] } + others
            + ["'--details' shows each of the \(lines.count) errors"]
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
