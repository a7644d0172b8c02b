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
        // What has the wrong type must not be passed over: the selector would then match more.
        func present(_ field: String) -> JSONValue? { json[field].flatMap { $0.isNull ? nil : $0 } }
        if let labels = present("matchLabels") {
            guard let members = labels.object else { throw malformed("'matchLabels' is not an object") }
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                guard let text = value.string else { throw malformed("the value of '\(key)' is not a string") }
                requirements.append(.isIn(key: key, values: [text]))
            }
        }
        if let expressions = present("matchExpressions") {
            guard let list = expressions.array else { throw malformed("'matchExpressions' is not a list") }
            for expression in list {
                switch Self.requirement(expression) {
                case .success(let requirement): requirements.append(requirement)
                case .failure(let fault): throw malformed(fault.reason)
                }
            }
        }
        self.init(requirements)
    }

    private struct Fault: Error {
        let reason: String
    }

    private static func requirement(_ expression: JSONValue) -> Result<Requirement, Fault> {
        guard let key = expression["key"]?.string, !key.isEmpty else {
            return .failure(Fault(reason: "an expression has no 'key'"))
        }
        let listed = expression["values"].flatMap { $0.isNull ? nil : $0 } ?? []
        guard let elements = listed.array, elements.allSatisfy({ $0.string != nil }) else {
            return .failure(Fault(reason: "the 'values' of '\(key)' are not a list of strings"))
        }
        let values = elements.compactMap(\.string)
        switch (expression["operator"]?.string, values.isEmpty) {
        case ("In", false): return .success(.isIn(key: key, values: values))
        case ("NotIn", false): return .success(.notIn(key: key, values: values))
        case ("In", true), ("NotIn", true): return .failure(Fault(reason: "the 'values' of '\(key)' are missing"))
        case ("Exists", true): return .success(.exists(key: key))
        case ("DoesNotExist", true): return .success(.doesNotExist(key: key))
        case ("Exists", false), ("DoesNotExist", false):
            return .failure(Fault(reason: "'\(key)' has 'values' that its operator does not take"))
        default: return .failure(Fault(reason: "'operator' is not In, NotIn, Exists or DoesNotExist"))
        }
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
