/// Rows in aligned columns, as kubectl prints them.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: String...) { self.header = header }

    mutating func add(_ cells: String...) { rows.append(cells) }

    var isEmpty: Bool { rows.isEmpty }

    /// The text, without a line end after the last row. Nothing follows the last cell of a row.
    func rendered() -> String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { Self.width($0[column]) }.max() ?? 0 }
        return all.map { row in
            row.enumerated().map { column, cell in
                let isLast = column == row.count - 1
                return isLast ? cell : cell + String(repeating: " ", count: widths[column] - Self.width(cell) + 3)
            }.joined()
        }.joined(separator: "\n")
    }

    /// Characters on the screen: escape sequences take no room.
    private static func width(_ cell: String) -> Int {
        var width = 0
        var isEscape = false
        for character in cell {
            if character == "\u{1B}" {
                isEscape = true
            } else if isEscape {
                isEscape = character != "m"
            } else {
                width += 1
            }
        }
        return width
    }
}
