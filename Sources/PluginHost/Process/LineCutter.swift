/// Cuts what a program prints into lines; what is longer than a limit is cut off there, and the rest of that line is
/// passed over.
struct LineCutter {
    private let limit: Int
    private var line: [UInt8] = []
    private var isPassingOver = false

    init(limit: Int) { self.limit = limit }

    /// Whether a line is begun whose end has not come, or that was too long.
    private(set) var isTooLong = false

    /// Takes bytes in and gives the lines that they end.
    mutating func add(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if !isPassingOver { lines.append(take()) }
                isPassingOver = false
                continue
            }
            guard !isPassingOver else { continue }
            guard line.count < limit else {
                isTooLong = true
                isPassingOver = true
                lines.append(take() + "…")
                continue
            }
            line.append(byte)
        }
        return lines
    }

    /// What stands at the end without a line feed; nil when there is nothing.
    mutating func rest() -> String? { line.isEmpty ? nil : take() }

    private mutating func take() -> String {
        defer { line.removeAll(keepingCapacity: true) }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return String(decoding: line, as: UTF8.self)
    }
}
