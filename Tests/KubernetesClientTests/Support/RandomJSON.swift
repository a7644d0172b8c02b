import GodwitModel
import GodwitTestKit

/// JSON of any shape, as text, with odd white space and escapes.
struct RandomJSON {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func space() -> String {
        Int.random(in: 0..<4, using: &generator) == 0 ? ["", " ", "\n\t", "  "].randomElement(using: &generator)! : ""
    }

    mutating func string() -> String {
        let pieces = [
            "a", "}", "{", "[", "]", ",", ":", #"\""#, #"\\"#, #"\n"#, #"\u00e9"#, "é", "🪿", "items", "metadata", " ",
            "0123456789abcdef",
        ]
        let count = Int.random(in: 0..<12, using: &generator)
        let text = (0..<count).map { _ in pieces.randomElement(using: &generator)! }.joined()
        return "\"\(text)\""
    }

    mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 3 ? 4 : 6), using: &generator) {
        case 0: return string()
        case 1: return ["true", "false", "null"].randomElement(using: &generator)!
        case 2: return ["0", "-12.5e3", "1234567890123"].randomElement(using: &generator)!
        case 3: return ["{}", "[]", "{ }", "[ ]"].randomElement(using: &generator)!
        case 4:
            let members = (0..<Int.random(in: 1..<5, using: &generator)).map { index in
                "\"k\(index)\"\(space()):\(space())\(value(depth: depth + 1))"
            }
            return "{\(space())\(members.joined(separator: "\(space()),\(space())"))\(space())}"
        default:
            let elements = (0..<Int.random(in: 1..<5, using: &generator)).map { _ in value(depth: depth + 1) }
            return "[\(space())\(elements.joined(separator: "\(space()),\(space())"))\(space())]"
        }
    }

    /// An object with metadata, and with `apiVersion` and `kind` in any place or not at all.
    mutating func item(_ index: Int, typed: Bool) -> String {
        var members = [
            "\"metadata\":\(space()){\"name\":\"item-\(index)\",\"namespace\":\"ns\",\"labels\":{\"a\":\"b\"},"
                + "\"x\":\(value(depth: 2))}",
            "\"data\":\(space())\(value(depth: 0))", "\"count\":\(space())\(index)\(space())", "\"s\":\(string())",
        ]
        if !typed { members += ["\"apiVersion\":\"v1\"", "\"kind\":\"Own\""] }
        members.shuffle(using: &generator)
        return "{\(space())\(members.joined(separator: ",\(space())"))\(space())}"
    }

    mutating func list(items: [String]) -> String {
        var members = [
            "\"apiVersion\":\"v1\"", "\"kind\":\"ThingList\"",
            "\"metadata\":{\"continue\":\"next\",\"resourceVersion\":\"42\",\"remainingItemCount\":7}",
            "\"items\":\(space())[\(space())\(items.joined(separator: "\(space()),\(space())"))\(space())]",
            "\"other\":\(value(depth: 0))",
        ]
        members.shuffle(using: &generator)
        return "\(space()){\(members.joined(separator: "\(space()),"))}\n"
    }

    /// The text in pieces of any size.
    mutating func pieces(of text: [UInt8], atMost size: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < text.count {
            let end = min(text.count, start + Int.random(in: 1...size, using: &generator))
            pieces.append(Array(text[start..<end]))
            start = end
        }
        return pieces
    }
}
