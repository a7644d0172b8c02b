public import GodwitModel

extension ResultSet {
    /// Velero's form: `{"warnings": R, "errors": R}` with R `{"velero": […], "cluster": […], "namespaces": {…}}`.
    public var json: JSONValue { .object(["warnings": warnings.json, "errors": errors.json]) }

    /// Reads Velero's form; what is not understood is left out.
    public init(json: JSONValue) {
        self.init()
        warnings = Messages(json: json["warnings"])
        errors = Messages(json: json["errors"])
    }
}

extension Messages {
    fileprivate init(json: JSONValue?) {
        self.init()
        func texts(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }
        general = texts(json?["velero"])
        cluster = texts(json?["cluster"])
        namespaces = json?["namespaces"]?.object?.mapValues { texts($0) } ?? [:]
    }

    fileprivate var json: JSONValue {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        var members: [String: JSONValue] = [:]
        if !general.isEmpty { members["velero"] = list(general) }
        if !cluster.isEmpty { members["cluster"] = list(cluster) }
        if !namespaces.isEmpty { members["namespaces"] = .object(namespaces.mapValues(list)) }
        return .object(members)
    }
}
