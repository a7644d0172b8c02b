import GodwitModel

/// The labels of nodes that a pod asks for.
///
/// In a node selector all must hold. In the required node affinity one term must hold, and in it all expressions; a term
/// without any would fit no node, so that the whole requirement goes when a term loses its last one: it would have fitted
/// every node. A preference goes with its last expression.
struct NodeAffinity {
    let labels: [Glob]

    private static let required = "requiredDuringSchedulingIgnoredDuringExecution"
    private static let preferred = "preferredDuringSchedulingIgnoredDuringExecution"

    /// Removes what asks for the labels from a pod spec.
    func remove(from spec: inout [String: JSONValue]) {
        if let selector = spec["nodeSelector"]?.object {
            let kept = selector.filter { !labels.matches($0.key) }
            if kept.count < selector.count { spec["nodeSelector"] = kept.isEmpty ? nil : .object(kept) }
        }
        guard var affinity = spec["affinity"]?.object, let old = affinity["nodeAffinity"]?.object else { return }
        var node = old
        removeRequired(from: &node)
        removePreferred(from: &node)
        guard node != old else { return }
        affinity["nodeAffinity"] = node.isEmpty ? nil : .object(node)
        spec["affinity"] = affinity.isEmpty ? nil : .object(affinity)
    }

    private func removeRequired(from affinity: inout [String: JSONValue]) {
        guard let terms = affinity[Self.required]?["nodeSelectorTerms"]?.array else { return }
        let kept = terms.map(without)
        guard kept != terms else { return }
        let isAlwaysTrue = zip(terms, kept).contains { Self.asks($0) && !Self.asks($1) }
        if isAlwaysTrue {
            affinity[Self.required] = nil
        } else {
            affinity[Self.required]?["nodeSelectorTerms"] = .array(kept)
        }
    }

    private func removePreferred(from affinity: inout [String: JSONValue]) {
        guard let terms = affinity[Self.preferred]?.array else { return }
        let kept = terms.compactMap { term -> JSONValue? in
            guard let preference = term["preference"] else { return term }
            let new = without(preference)
            guard new != preference else { return term }
            guard Self.asks(new) else { return nil }
            var term = term
            term["preference"] = new
            return term
        }
        guard kept != terms else { return }
        affinity[Self.preferred] = kept.isEmpty ? nil : .array(kept)
    }

    /// A term without the expressions for the labels.
    private func without(_ term: JSONValue) -> JSONValue {
        var term = term
        for list in ["matchExpressions", "matchFields"] {
            guard let expressions = term[list]?.array else { continue }
            let kept = expressions.filter { !labels.matches($0["key"]?.string) }
            if kept.count < expressions.count { term[list] = kept.isEmpty ? nil : .array(kept) }
        }
        return term
    }

    private static func asks(_ term: JSONValue) -> Bool {
        ["matchExpressions", "matchFields"].contains { term[$0]?.array?.isEmpty == false }
    }
}
