import Foundation
import GodwitModel
import Yams

/// Turns a tree of YAML nodes into JSON.
struct YAMLReader {
    /// Deeper nesting than this is refused, as in JSON.
    static let maximumDepth = 500

    /// Scalars are judged here and not by the parser's regular expressions: this gives every scalar that has neither
    /// quotes nor a tag the same mark.
    static let resolver: Resolver =
        (try? Resolver.basic.appending(Tag.Name(rawValue: plainTag), "^")) ?? Resolver.basic
    private static let plainTag = "!plain"
    private static let prefix = "tag:yaml.org,2002:"

    /// Line of the text at which the document begins.
    let firstLine: Int
    /// Values and bytes that may still be made: a few aliases of aliases would fill any memory.
    private var budget: Int

    /// The lines of a text with an escaped byte order mark, which the parser drops from the start of a scalar.
    private let markedLines: [Substring]

    init(_ text: String, firstLine: Int) {
        self.firstLine = firstLine
        budget = (1 << 20) + 4 * text.utf8.count
        let isMarked = text.contains("\"\\uFEFF") || text.contains("\"\\ufeff")
        markedLines = isMarked ? text.split(separator: "\n", omittingEmptySubsequences: false) : []
    }

    /// The text of a scalar, with the byte order mark that it begins with.
    private func text(of scalar: Node.Scalar) -> String {
        guard scalar.style == .doubleQuoted, let mark = scalar.mark, markedLines.indices.contains(mark.line - 1) else {
            return scalar.string
        }
        let source = markedLines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1).prefix(7)
        return String(source).lowercased() == "\"\\ufeff" ? "\u{FEFF}" + scalar.string : scalar.string
    }

    mutating func value(_ node: Node, depth: Int) throws -> JSONValue {
        guard depth < Self.maximumDepth else { throw fault("nested too deeply", node) }
        try spend(1, node)
        switch node {
        case .scalar(let scalar): return try self.scalar(scalar, node)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            elements.reserveCapacity(sequence.count)
            for element in sequence { elements.append(try value(element, depth: depth + 1)) }
            return .array(elements)
        case .mapping(let mapping): return .object(try members(mapping, depth: depth))
        case .alias: throw fault("an alias without its anchor", node)
        }
    }

    private mutating func spend(_ cost: Int, _ node: Node) throws {
        budget -= cost
        guard budget >= 0 else { throw fault("its aliases expand to far more than the file", node) }
    }

    private mutating func members(_ mapping: Node.Mapping, depth: Int) throws -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        var merged: [[String: JSONValue]] = []
        for (key, node) in mapping {
            if isMerge(key) {
                merged += try mergedMembers(node, depth: depth)
                continue
            }
            let name = try self.key(key)
            try spend(name.utf8.count, key)
            guard members.updateValue(try value(node, depth: depth + 1), forKey: name) == nil else {
                throw fault("a key that stands twice", key)
            }
        }
        // What stands in the mapping itself wins, then the first of the merged ones.
        for source in merged { members.merge(source) { own, _ in own } }
        return members
    }

    private func isMerge(_ key: Node) -> Bool {
        guard case .scalar(let scalar) = key, scalar.string == "<<" else { return false }
        return isPlain(scalar) || scalar.tag.description == Self.prefix + "merge"
    }

    private mutating func mergedMembers(_ node: Node, depth: Int) throws -> [[String: JSONValue]] {
        switch node {
        case .mapping(let mapping): return [try members(mapping, depth: depth + 1)]
        case .sequence(let sequence):
            var sources: [[String: JSONValue]] = []
            for element in sequence {
                guard case .mapping(let mapping) = element else { throw fault("'<<' merges something else", node) }
                sources.append(try members(mapping, depth: depth + 1))
            }
            return sources
        default: throw fault("'<<' merges something that is not a mapping", node)
        }
    }

    private mutating func key(_ node: Node) throws -> String {
        guard case .scalar(let scalar) = node else { throw fault("a key that is not a scalar", node) }
        switch try self.scalar(scalar, node) {
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let number): return String(number)
        case .number(let literal): return literal
        default: throw fault("a key that is null", node)
        }
    }

    private func isPlain(_ scalar: Node.Scalar) -> Bool {
        guard scalar.style == .plain else { return false }
        let tag = scalar.tag.description
        return tag.isEmpty || tag == Self.plainTag
    }

    private mutating func scalar(_ scalar: Node.Scalar, _ node: Node) throws -> JSONValue {
        let text = text(of: scalar)
        try spend(text.utf8.count, node)
        if isPlain(scalar) {
            guard let value = YAMLScalar.value(text) else { throw fault("a number that JSON does not have", node) }
            return value
        }
        let tag = scalar.tag.description
        guard tag.hasPrefix(Self.prefix) else { return .string(text) }
        let value = YAMLScalar.value(text)
        switch (tag.dropFirst(Self.prefix.count), value) {
        case ("bool", .bool?), ("null", .null?), ("int", .integer?), ("float", .integer?), ("float", .number?):
            return value ?? .null
        case ("int", .number(let literal)?) where literal.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) }):
            return .number(literal)
        case ("bool", _), ("null", _), ("int", _), ("float", _): throw fault("a value that does not fit its tag", node)
        case ("binary", _):
            guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters),
                let decoded = String(validating: data, as: UTF8.self)
            else { throw fault("binary data that is not text; write it as base64 without the tag", node) }
            return .string(decoded)
        default: return .string(text)
        }
    }

    private func fault(_ reason: String, _ node: Node) -> KubernetesYAML.Fault {
        KubernetesYAML.Fault(reason: reason, line: node.mark.map { $0.line + firstLine - 1 } ?? 0)
    }

    /// The parser's error without its excerpt of the text, which may be a secret.
    static func fault(_ error: any Error, firstLine: Int) -> KubernetesYAML.Fault {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            return KubernetesYAML.Fault(reason: problem, line: mark.line + firstLine - 1)
        case YamlError.reader(let problem, _, _, _): return KubernetesYAML.Fault(reason: problem, line: 0)
        case YamlError.duplicatedKeysInMapping(_, let context):
            return KubernetesYAML.Fault(reason: "a key that stands twice", line: context.mark.line + firstLine - 1)
        default: return KubernetesYAML.Fault(reason: "not YAML", line: 0)
        }
    }
}
