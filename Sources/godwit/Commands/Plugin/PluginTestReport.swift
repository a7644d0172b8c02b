import GodwitModel
import GodwitPluginAPI
import GodwitTestKit

/// What the checks of plugins came to.
struct PluginTestReport {
    private var rows: [JSONValue] = []
    private var counts = (held: 0, failed: 0, skipped: 0)
    /// The names of checks that failed, with their plugins.
    private(set) var failed: [String] = []

    mutating func add(_ subject: PluginSubjects.Subject, _ results: [ContractResult]) {
        for result in results {
            var row: JSONValue = [
                "plugin": .string(subject.name), "kind": .string(subject.kind.rawValue), "check": .string(result.name),
                "promise": .string(result.promise),
            ]
            switch result.outcome {
            case .held:
                counts.held += 1
                row["outcome"] = "held"
            case .failed(let why):
                counts.failed += 1
                failed.append("\(subject.name) \(result.name)")
                row["outcome"] = "failed"
                row["why"] = .string(why)
            case .skipped(let why):
                counts.skipped += 1
                row["outcome"] = "skipped"
                row["why"] = .string(why)
            }
            if !result.remains.isEmpty { row["remains"] = .array(result.remains.map { .string($0) }) }
            rows.append(row)
        }
    }

    /// Whether nothing was checked.
    var isEmpty: Bool { counts.held + counts.failed == 0 }

    /// All results.
    var json: JSONValue { .array(rows) }

    /// How many of what.
    var summary: String { "\(counts.held) held, \(counts.failed) failed, \(counts.skipped) skipped" }

    /// A result for people.
    static func line(_ result: ContractResult, _ style: Style) -> String {
        switch result.outcome {
        case .held: "  held     \(result.name): \(result.promise)"
        case .failed(let why):
            "  \(style.red("failed"))   \(result.name): \(result.promise)\n             \(why.printable)"
        case .skipped(let why): "  skipped  \(result.name): \(why.printable)"
        }
    }
}
