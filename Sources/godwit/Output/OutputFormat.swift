import ArgumentParser
import GodwitModel
import Yams

/// The forms in which results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table
    case json
    case yaml
    case name
}

extension Console {
    /// Prints a value as JSON or YAML.
    func print(_ value: JSONValue, as format: OutputFormat) throws {
        switch format {
        case .yaml: print(try YAMLText.render(value).trimmingSuffix("\n"))
        default: print(value.prettyPrinted())
        }
    }
}

/// JSON values as YAML.
enum YAMLText {
    static func render(_ value: JSONValue) throws -> String {
        try Yams.serialize(node: node(value), sortKeys: true)
    }

    private static func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .integer(let number): Node(String(number), Tag(.int))
        case .number(let literal): Node(literal, Tag(.float))
        case .string(let text): Node(text, Tag(.str), needsQuotes(text) ? .doubleQuoted : .any)
        case .array(let elements): Node(elements.map(node), Tag(.seq))
        case .object(let members):
            Node(members.sorted { $0.key < $1.key }.map { (node(.string($0.key)), node($0.value)) }, Tag(.map))
        }
    }

    /// Whether a plain scalar would be read as something else than a string.
    private static func needsQuotes(_ text: String) -> Bool {
        Resolver.default.resolveTag(of: Node(text)) != .str
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
