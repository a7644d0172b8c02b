import GodwitModel

/// A CustomResourceDefinition of apiextensions.k8s.io/v1beta1 as v1 says the same.
///
/// What v1beta1 may say once for all versions (schema, subresources, columns) is said by each version; the client of a
/// conversion webhook moves to its own member; `JSONPath` of a column is `jsonPath`; and what v1beta1 takes for granted
/// is said: unknown fields are kept, objects have namespaces, webhooks speak v1beta1.
enum CustomResourceDefinitionConversion {
    static func convert(_ definition: inout KubernetesObject) {
        guard var spec = definition["spec"]?.object else { return }
        definition["apiVersion"] = "apiextensions.k8s.io/v1"
        spec["versions"] = .array(versions(taking: &spec))
        if spec["scope"] == nil { spec["scope"] = "Namespaced" }
        if spec["preserveUnknownFields"] == nil { spec["preserveUnknownFields"] = true }
        if let conversion = spec["conversion"] { spec["conversion"] = converted(conversion) }
        definition["spec"] = .object(spec)
    }

    /// The versions, each with what stands beside them for all.
    private static func versions(taking spec: inout [String: JSONValue]) -> [JSONValue] {
        let name = spec.removeValue(forKey: "version")
        let validation = spec.removeValue(forKey: "validation")
        let subresources = spec.removeValue(forKey: "subresources")
        let columns = spec.removeValue(forKey: "additionalPrinterColumns")
        var versions = spec["versions"]?.array ?? []
        if versions.isEmpty, let name { versions = [["name": name, "served": true, "storage": true]] }
        return versions.map { version in
            var version = version
            if version["schema"] == nil { version["schema"] = validation }
            if version["subresources"] == nil { version["subresources"] = subresources }
            if let columns = version["additionalPrinterColumns"] ?? columns {
                version["additionalPrinterColumns"] = converted(columns: columns)
            }
            // v1 wants the type of the whole said; a custom resource is never anything else.
            if version[path: "schema", "openAPIV3Schema"]?.object != nil,
                version[path: "schema", "openAPIV3Schema", "type"] == nil
            {
                version[path: "schema", "openAPIV3Schema", "type"] = "object"
            }
            return version
        }
    }

    private static func converted(columns: JSONValue) -> JSONValue {
        .array(
            (columns.array ?? []).map { column in
                var column = column
                if let path = column["JSONPath"] {
                    column["JSONPath"] = nil
                    column["jsonPath"] = path
                }
                return column
            })
    }

    private static func converted(_ conversion: JSONValue) -> JSONValue {
        guard conversion["strategy"]?.string == "Webhook" else { return ["strategy": conversion["strategy"] ?? "None"] }
        var webhook: JSONValue = ["conversionReviewVersions": conversion["conversionReviewVersions"] ?? ["v1beta1"]]
        webhook["clientConfig"] = conversion["webhookClientConfig"]
        return ["strategy": "Webhook", "webhook": webhook]
    }
}
