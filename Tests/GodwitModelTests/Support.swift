import GodwitModel
import GodwitTestKit

extension JSONValue {
    /// A value made by chance.
    static func random(_ generator: inout SeededGenerator, depth: Int = 4, nulls: Bool = true) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
        case 0: nulls ? .null : .bool(false)
        case 1: .bool(Bool.random(using: &generator))
        case 2: .integer(Int64.random(in: Int64.min...Int64.max, using: &generator))
        case 3: .integer(Int64.random(in: -9...9, using: &generator))
        case 4:
            .number(
                ["1.5", "-0", "1e400", "3.14159", "12345678901234567890", "-2E-3"].randomElement(using: &generator)
                    ?? "0.5")
        case 5: .string(randomText(&generator))
        case 6:
            .array(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    random(&generator, depth: depth - 1, nulls: nulls)
                })
        default: randomObject(&generator, depth: depth - 1, nulls: nulls)
        }
    }

    /// An object made by chance; few names, so that two objects share some.
    static func randomObject(_ generator: inout SeededGenerator, depth: Int, nulls: Bool = true) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let key = ["a", "b", "c", "name", "spec", "a/b", "m~n", "", "é", "quote\"", "line\n"].randomElement(
                using: &generator)
            members[key ?? "a"] = random(&generator, depth: depth, nulls: nulls)
        }
        return .object(members)
    }

    private static func randomText(_ generator: inout SeededGenerator) -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\u{0}", "\u{1F}", "\u{7F}", "é", "\u{301}", "漢", "😀",
            "\u{FFFF}",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...24, using: &generator) {
            text.append(alphabet.randomElement(using: &generator) ?? "a")
        }
        return String(text)
    }
}

/// Parses JSON in a test.
func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }
