import GodwitModel
import VolumeRepository

/// Prints the plan of a volume's restore while it is made: it may be of any length.
final class VolumeRestorePlanView {
    private let format: OutputFormat
    private let showsKept: Bool
    private let console = Console.standard
    private var isFirst = true

    /// - Parameter showsKept: also what stays, in a table.
    init(_ format: OutputFormat, showsKept: Bool) {
        self.format = format
        self.showsKept = showsKept
    }

    func begin(_ stored: StoredSnapshot, target: String) {
        let id = stored.id.description
        switch format {
        case .json:
            let head: JSONValue = ["snapshot": .string(id), "target": .string(target)]
            console.print("\(String(decoding: head.serialized(), as: UTF8.self).dropLast()),\"actions\":[")
        case .yaml:
            console.print("snapshot: \(id)\nactions:")
        case .table, .name: break
        }
    }

    func show(_ action: VolumeRestoreAction) throws {
        switch format {
        case .table:
            guard showsKept || action.verb != .keep else { return }
            let size = action.bytes > 0 ? " (\(Units.bytes(action.bytes)))" : ""
            let name = action.path.printablePath + (action.kind == .directory ? "/" : "")
            console.print("\(action.verb.rawValue)  \(name)\(size)")
        case .name: if action.verb != .keep { console.print(action.path.printablePath) }
        case .json:
            console.print((isFirst ? "" : ",") + String(decoding: action.json.serialized(), as: UTF8.self))
        case .yaml: console.print(String(try YAMLText.render(.array([action.json])).dropLast()))
        }
        isFirst = false
    }

    func end(_ plan: VolumeRestorePlan) throws {
        switch format {
        case .table:
            let parts = VolumeRestoreAction.Verb.allCases.map { verb in
                "\(verb.rawValue) \(plan[verb].files) files (\(Units.bytes(plan[verb].bytes)))"
            }
            console.print("would " + parts.joined(separator: ", "))
        case .name: break
        case .json:
            console.print("],\"totals\":\(String(decoding: plan.json.serialized(), as: UTF8.self))}")
        case .yaml: console.print(String(try YAMLText.render(["totals": plan.json]).dropLast()))
        }
    }
}

extension VolumeRestoreAction {
    fileprivate var json: JSONValue {
        [
            "action": .string(verb.rawValue),
            "path": .string(path.isEmpty ? "." : String(decoding: path, as: UTF8.self)),
            "type": .string(kind?.rawValue ?? "socket"), "bytes": .integer(bytes),
        ]
    }
}

extension VolumeRestorePlan {
    fileprivate var json: JSONValue {
        let verbs = VolumeRestoreAction.Verb.allCases.map { ($0.rawValue, self[$0].json) }
        var json = JSONValue.object(Dictionary(uniqueKeysWithValues: verbs))
        json["failures"] = .integer(Int64(failureCount))
        return json
    }
}

extension VolumeRestorePlan.Totals {
    fileprivate var json: JSONValue {
        [
            "files": .integer(Int64(files)), "directories": .integer(Int64(directories)),
            "others": .integer(Int64(others)), "bytes": .integer(bytes),
        ]
    }
}
