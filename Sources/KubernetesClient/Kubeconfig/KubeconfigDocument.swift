import GodwitModel
import Yams

/// Reads the text of a kubeconfig, YAML or JSON, within limits.
enum KubeconfigDocument {
    /// The most bytes a kubeconfig may have.
    static let maximumSize = 8 << 20
    /// The most values it may have once aliases are followed: a few lines of YAML can stand for billions.
    static let maximumValues = 500_000
    private static let maximumDepth = 64

    /// The document as a tree; an empty document is `null`. Plain scalars stay text, except `null`, `true` and
    /// `false`, so that a token of digits keeps them.
    static func parse(_ bytes: [UInt8], file: String) throws(KubeconfigError) -> JSONValue {
        let origin = KubeconfigError.Origin(file: file)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw KubeconfigError(.syntax, origin, reason: "not UTF-8 text", advice: "check the path")
        }
        do {
            guard let root = try Yams.compose(yaml: text) else { return .null }
            var budget = maximumValues
            return try value(root, depth: 0, budget: &budget, origin)
        } catch let error as KubeconfigError {
            throw error
        } catch let error as YamlError {
            throw KubeconfigError(.syntax, origin, reason: reason(error), advice: "correct the file")
        } catch {
            throw KubeconfigError(.syntax, origin, reason: "not YAML", advice: "correct the file")
        }
    }

    private static func value(
        _ node: Node, depth: Int, budget: inout Int, _ origin: KubeconfigError.Origin
    ) throws(KubeconfigError) -> JSONValue {
        budget -= 1
        guard budget >= 0, depth < maximumDepth else {
            throw KubeconfigError(
                .tooLarge, origin, reason: "too many or too deeply nested values", advice: "use a simpler file")
        }
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain else { return .string(scalar.string) }
            switch scalar.string {
            case "", "~", "null", "Null", "NULL": return .null
            case "true", "True", "TRUE": return .bool(true)
            case "false", "False", "FALSE": return .bool(false)
            default: return .string(scalar.string)
            }
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence {
                elements.append(try value(element, depth: depth + 1, budget: &budget, origin))
            }
            return .array(elements)
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, member) in mapping {
                guard let name = key.scalar?.string else {
                    throw KubeconfigError(.syntax, origin, reason: "a key is not text", advice: "correct the file")
                }
                members[name] = try value(member, depth: depth + 1, budget: &budget, origin)
            }
            return .object(members)
        case .alias:
            throw KubeconfigError(.syntax, origin, reason: "an alias without anchor", advice: "correct the file")
        }
    }

    /// What libyaml says and where; never the text around it, which may be a secret.
    private static func reason(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line): \(problem)"
        case .reader(let problem, _, _, _): problem
        case .duplicatedKeysInMapping(_, let context): "line \(context.mark.line): a key stands twice"
        default: "not YAML"
        }
    }
}
