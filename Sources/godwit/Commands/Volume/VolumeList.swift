import ArgumentParser
import Foundation
import GodwitModel
import VolumeRepository

/// `godwit volume ls`
struct VolumeList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List what is in a snapshot.")

    @OptionGroup var snapshot: SnapshotOptions

    @Argument(help: "A directory or file of it (default: the volume's root).")
    var path: VolumePath?

    @Flag(name: [.customShort("R"), .long], help: "Also what is in the directories in it.")
    var recursive = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        try await snapshot.withTree(global) { _, tree in
            // Line by line, because a volume may hold any number of files.
            try await tree.list(path?.bytes ?? [], isRecursive: recursive) { entry in
                switch output.output {
                case .name: console.print(entry.path.printablePath)
                case .json: console.print(String(decoding: entry.json.serialized(), as: UTF8.self))
                case .yaml: console.print("---\n" + (try YAMLText.render(entry.json)))
                case .table: console.print(entry.line)
                }
            }
        }
    }
}

extension TreeEntry {
    /// One line as `ls -l` has it.
    var line: String {
        let size = kind == .file ? "\(self.size)" : "-"
        let owner = "\(user):\(group)"
        var name = path.printablePath
        if kind == .symlink { name += " -> \(target.printablePath)" }
        if let hardLink { name += " = \(hardLink.printablePath)" }
        return [permissions, owner.padded(12), size.padded(14, left: true), RFC3339.format(date), name].joined(
            separator: "  ")
    }

    private var date: Date { Date(timeIntervalSince1970: TimeInterval(modified.seconds)) }

    private var permissions: String {
        let type =
            switch kind {
            case .file: "-"
            case .directory: "d"
            case .symlink: "l"
            case .fifo: "p"
            case .characterDevice: "c"
            case .blockDevice: "b"
            }
        var bits = ""
        for (shift, special, letter) in [(6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")] {
            let group = Int(mode) >> shift & 7
            bits += group & 4 != 0 ? "r" : "-"
            bits += group & 2 != 0 ? "w" : "-"
            let executes = group & 1 != 0
            bits += Int(mode) & special != 0 ? (executes ? letter : letter.uppercased()) : (executes ? "x" : "-")
        }
        return type + bits
    }

    /// The entry for scripts.
    var json: JSONValue {
        var json: JSONValue = [
            "path": .string(String(decoding: path, as: UTF8.self)), "type": .string(kind.rawValue),
            "mode": .string(String(mode, radix: 8)), "user": .integer(Int64(user)), "group": .integer(Int64(group)),
            "modified": .string(RFC3339.format(date)),
        ]
        if kind == .file { json["size"] = .integer(size) }
        if kind == .symlink { json["target"] = .string(String(decoding: target, as: UTF8.self)) }
        if let hardLink { json["hardLink"] = .string(String(decoding: hardLink, as: UTF8.self)) }
        return json
    }
}

extension String {
    /// The text in a column of at least this width.
    fileprivate func padded(_ width: Int, left: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - count))
        return left ? padding + self : self + padding
    }
}
