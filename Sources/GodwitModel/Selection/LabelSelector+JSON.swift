extension LabelSelector {
    /// Reads the API form: `matchLabels` and `matchExpressions`.
    ///
    /// - Throws: ``LabelSelectorError`` for an unknown operator or a value of the wrong type.
    public init(json: JSONValue) throws(LabelSelectorError) {
        func malformed(_ reason: String) -> LabelSelectorError {
            LabelSelectorError(text: String(decoding: json.serialized(), as: UTF8.self), reason: reason)
        }
        guard json.object != nil else { throw malformed("not an object") }
        var requirements: [Requirement] = []
        let labels = json["matchLabels"]?.object ?? [:]
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            guard let text = value.string else { throw malformed("the value of '\(key)' is not a string") }
            requirements.append(.isIn(key: key, values: [text]))
        }
        for expression in json["matchExpressions"]?.array ?? [] {
            let key = expression["key"]?.string ?? ""
            let values = expression["values"]?.array?.compactMap(\.string) ?? []
            switch expression["operator"]?.string {
            case "In": requirements.append(.isIn(key: key, values: values))
            case "NotIn": requirements.append(.notIn(key: key, values: values))
            case "Exists": requirements.append(.exists(key: key))
            case "DoesNotExist": requirements.append(.doesNotExist(key: key))
            default: throw malformed("'operator' is not In, NotIn, Exists or DoesNotExist")
            }
        }
        self.init(requirements)
    }

    /// The API form: single equalities as `matchLabels`, the rest as `matchExpressions`.
    public var json: JSONValue {
        var labels: [String: JSONValue] = [:]
        var expressions: [JSONValue] = []
        func expression(_ key: String, _ operation: String, _ values: [String] = []) -> JSONValue {
            var members: [String: JSONValue] = ["key": .string(key), "operator": .string(operation)]
            if !values.isEmpty { members["values"] = .array(values.map { .string($0) }) }
            return .object(members)
        }
        for requirement in requirements {
            switch requirement {
            case .isIn(let key, let values) where values.count == 1 && labels[key] == nil:
                labels[key] = .string(values[0])
            case .isIn(let key, let values): expressions.append(expression(key, "In", values))
            case .notIn(let key, let values): expressions.append(expression(key, "NotIn", values))
            case .exists(let key): expressions.append(expression(key, "Exists"))
            case .doesNotExist(let key): expressions.append(expression(key, "DoesNotExist"))
            }
        }
        var members: [String: JSONValue] = [:]
        if !labels.isEmpty { members["matchLabels"] = .object(labels) }
        if !expressions.isEmpty { members["matchExpressions"] = .array(expressions) }
        return .object(members)
    }
}
