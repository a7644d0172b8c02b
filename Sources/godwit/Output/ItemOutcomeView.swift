import GodwitModel
import Streams

/// What became of the items of a restore, a line each.
struct ItemOutcomeView {
    func show(_ lines: ByteStream) async throws {
        let console = Console.standard
        var rest: [UInt8] = []
        for try await piece in lines {
            rest += piece
            while let end = rest.firstIndex(of: 0x0A) {
                let value = try JSONValue(parsing: Array(rest[..<end]))
                rest.removeSubrange(...end)
                console.print(line(value, console.style))
            }
        }
    }

    private func line(_ value: JSONValue, _ style: Style) -> String {
        let action = value["action"]?.string ?? ""
        let padded = action.padding(to: 10)
        let word: String =
            switch action {
            case "failed": style.red(padded)
            case "created", "updated": style.green(padded)
            default: padded
            }
        var text = "\(word) \(value["item"]?.string ?? "")"
        if let target = value["target"]?.string { text += " -> \(target)" }
        if let reason = value["reason"]?.string { text += ": \(reason)" }
        return text
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
