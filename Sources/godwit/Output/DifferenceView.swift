import GodwitEngine
import GodwitModel
import Synchronization

/// Shows differences as they are found, or gathers them for `-o json` and `-o yaml`.
final class DifferenceView: Sendable {
    private let console: Console
    private let format: OutputFormat
    private let gathered = Mutex<[JSONValue]>([])

    init(_ console: Console, format: OutputFormat) {
        self.console = console
        self.format = format
    }

    func add(_ difference: ObjectDifference) {
        switch format {
        case .table: for line in lines(difference) { console.print(line) }
        case .name: console.print(difference.item.description)
        case .json, .yaml: gathered.withLock { $0.append(json(difference)) }
        }
    }

    func finish(_ summary: ComparisonSummary) throws {
        switch format {
        case .name: break
        case .json, .yaml:
            let counts: JSONValue = [
                "equal": .integer(Int64(summary.equal)), "added": .integer(Int64(summary.added)),
                "removed": .integer(Int64(summary.removed)), "changed": .integer(Int64(summary.changed)),
                "unreadable": .integer(Int64(summary.unreadable)),
            ]
            let value: JSONValue = [
                "summary": counts, "objects": .array(gathered.withLock { $0 }),
                "failures": .array(summary.failures.map { .string($0) }),
            ]
            try console.print(value, as: format)
        case .table:
            console.print(
                "\(summary.equal) equal, \(summary.changed) changed, \(summary.added) added, "
                    + "\(summary.removed) removed"
                    + (summary.unreadable > 0 ? ", \(summary.unreadable) unreadable" : ""))
            for failure in summary.failures { console.complain("could not be compared: \(failure)") }
        }
    }

    private func lines(_ difference: ObjectDifference) -> [String] {
        let style = console.style
        switch difference.kind {
        case .added: return [style.green("+ \(difference.item)")]
        case .removed: return [style.red("- \(difference.item)")]
        case .unreadable(let reason): return [style.red("! \(difference.item): \(reason)")]
        case .changed(let changes):
            let fields = JSONDifference.lines(changes, kind: kind(difference.item))
            return [style.yellow("~ \(difference.item)")] + fields.map { "    \($0)" }
        }
    }

    private func json(_ difference: ObjectDifference) -> JSONValue {
        var value: JSONValue = ["item": .string(difference.item.description)]
        switch difference.kind {
        case .added: value["change"] = "added"
        case .removed: value["change"] = "removed"
        case .unreadable(let reason):
            value["change"] = "unreadable"
            value["reason"] = .string(reason)
        case .changed(let changes):
            value["change"] = "changed"
            value["fields"] = .array(
                JSONDifference.lines(changes, kind: kind(difference.item)).map { .string($0) })
        }
        return value
    }

    /// Values of Secrets are masked by their kind.
    private func kind(_ item: ItemIdentity) -> String { item.resource == .secrets ? "Secret" : "" }
}
