import GodwitModel
import Yams

/// Reads one YAML or JSON document as a JSON tree, as Kubernetes' tools do: YAML 1.1 scalars without timestamps.
enum YAMLDocument {
    /// How many values a document may hold. Without aliases there are fewer than bytes; aliases of aliases could
    /// otherwise fill any memory.
    private static func maximumValues(_ text: String) -> Int { 10_000 + 4 * text.utf8.count }

    /// - Throws: ``YAMLDocumentError``
    static func parse(_ text: String) throws(YAMLDocumentError) -> JSONValue {
        // JSON may be indented with tabs, which YAML refuses.
        if let value = try? JSONValue(parsing: text) { return value }
        do {
            guard let node = try Yams.compose(yaml: text) else { return .null }
            var budget = maximumValues(text)
            return try value(of: node, &budget)
        } catch let error as YAMLDocumentError {
            throw error
        } catch let error as YamlError {
            throw YAMLDocumentError(reason: reason(error))
        } catch {
            throw YAMLDocumentError(reason: "\(error)")
        }
    }

    private static func value(of node: Node, _ budget: inout Int) throws(YAMLDocumentError) -> JSONValue {
        budget -= 1
        guard budget > 0 else { throw YAMLDocumentError(reason: "it is too large") }
        switch node {
        case .scalar(let scalar): return YAMLScalar.value(of: scalar)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try value(of: element, &budget)) }
            return .array(elements)
        case .mapping(let mapping): return .object(try members(of: mapping, &budget))
        case .alias: throw YAMLDocumentError(reason: "an alias is not resolved")
        }
    }

    private static func members(
        of mapping: Node.Mapping, _ budget: inout Int
    ) throws(YAMLDocumentError) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        var merged: [String: JSONValue] = [:]
        for (key, child) in mapping {
            guard let scalar = key.scalar else { throw YAMLDocumentError(reason: "a key is not a text") }
            let value = try value(of: child, &budget)
            if scalar.string == "<<", scalar.style == .plain {
                // Of several merged mappings the first one that has a key counts.
                for source in value.array ?? [value] {
                    merged.merge(source.object ?? [:]) { first, _ in first }
                }
            } else {
                members[scalar.string] = value
            }
        }
        return members.merging(merged) { own, _ in own }
    }

    private static func reason(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem) in line \(mark.line), column \(mark.column)"
        case .reader(let problem, _, _, _): problem
        case .duplicatedKeysInMapping(let keys, let context):
            "\(keys.joined(separator: ", ")) stands twice, near line \(context.mark.line)"
        default: "it is not YAML"
        }
    }
}

/// A text that is neither YAML nor JSON.
struct YAMLDocumentError: Error, Hashable {
    let reason: String
}

/// The types of plain scalars.
private enum YAMLScalar {
    static func value(of scalar: Node.Scalar) -> JSONValue {
        let text = scalar.string
        let tag = scalar.tag.rawValue
        let isText = tag == Tag.Name.str.rawValue || tag == Tag.Name.nonSpecific.rawValue
        guard scalar.style == .plain, !isText else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> JSONValue? {
        if let value = try? JSONValue(parsing: text) {
            switch value {
            case .integer, .number: return value
            default: return nil
            }
        }
        let unsigned = text.first == "+" || text.first == "-" ? text.dropFirst() : text[...]
        let sign: Int64 = text.first == "-" ? -1 : 1
        for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8), ("0", 8)] where unsigned.hasPrefix(prefix) {
            guard let value = Int64(unsigned.dropFirst(prefix.count), radix: radix), value >= 0 else { continue }
            return .integer(sign * value)
        }
        if text.first == "+", let value = Int64(unsigned), value >= 0 { return .integer(value) }
        return nil
    }
}
