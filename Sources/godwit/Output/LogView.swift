import GodwitModel
import Streams

/// Prints a stored log: as lines for people, or as it is stored with `-o json`.
struct LogView {
    private let format: OutputFormat

    init(_ format: OutputFormat) { self.format = format }

    func show(_ log: ByteStream) async throws {
        var rest: [UInt8] = []
        for try await piece in log {
            rest += piece
            while let end = rest.firstIndex(of: 0x0A) {
                show(line: Array(rest[..<end]))
                rest.removeSubrange(...end)
            }
        }
        if !rest.isEmpty { show(line: rest) }
    }

    private func show(line: [UInt8]) {
        let console = Console.standard
        // Velero's logs are not JSON: they are printed as they are.
        guard format == .table, let entry = try? JSONValue(parsing: line), entry.object != nil else {
            console.print(String(decoding: line, as: UTF8.self))
            return
        }
        let level = entry["level"]?.string ?? "info"
        let word: String =
            switch level {
            case "error": console.style.red(level)
            case "warning": console.style.yellow(level)
            default: level
            }
        let item = entry["item"]?.string.map { "\($0): " } ?? ""
        console.print("\(entry["time"]?.string ?? "") \(word) \(item)\(entry["message"]?.string ?? "")")
    }
}
