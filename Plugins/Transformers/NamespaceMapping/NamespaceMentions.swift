import GodwitModel

/// The forms in which a value names namespaces.
enum NamespaceForm: Sendable, Hashable {
    /// The value is a namespace's name.
    case name
    /// `NAMESPACE/NAME`; a name alone is in the object's own namespace.
    case slashed
    /// A label selector of namespaces; one by `kubernetes.io/metadata.name` names them.
    case selector
    /// A map of labels of a namespace, or a `matchLabels`.
    case labels
    /// `system:serviceaccount:NAMESPACE:NAME`
    case userName
    /// `system:serviceaccounts:NAMESPACE`
    case groupName
    /// An RBAC rule; `resourceNames` of a rule for `namespaces` alone are namespaces.
    case policyRule
    /// Parameters of a class: `csi.storage.k8s.io/…-secret-namespace`, and what in-tree drivers use.
    case classParameters
}

/// Maps the namespaces that a value names.
struct NamespaceMentions {
    let mapping: [String: String]

    private static let nameLabel = "kubernetes.io/metadata.name"
    private static let inTreeParameters: Set<String> = ["secretNamespace", "adminSecretNamespace"]

    func map(_ value: inout JSONValue, _ form: NamespaceForm) {
        switch form {
        case .name: mapName(&value)
        case .slashed: mapSlashed(&value)
        case .labels: mapLabels(&value)
        case .selector: mapSelector(&value)
        case .userName: mapUserName(&value)
        case .groupName: mapGroupName(&value)
        case .policyRule: mapPolicyRule(&value)
        case .classParameters: mapClassParameters(&value)
        }
    }

    private func mapName(_ value: inout JSONValue) {
        if let name = value.string, let target = mapping[name] { value = .string(target) }
    }

    private func mapSlashed(_ value: inout JSONValue) {
        guard let text = value.string, let slash = text.firstIndex(of: "/") else { return }
        guard let target = mapping[String(text[..<slash])] else { return }
        value = .string(target + text[slash...])
    }

    private func mapMember(_ value: inout JSONValue, _ key: String) {
        if let name = value[key]?.string, let target = mapping[name] { value[key] = .string(target) }
    }

    private func mapLabels(_ value: inout JSONValue) { mapMember(&value, Self.nameLabel) }

    private func mapSelector(_ value: inout JSONValue) {
        if var labels = value["matchLabels"] {
            mapLabels(&labels)
            value["matchLabels"] = labels
        }
        guard var expressions = value["matchExpressions"]?.array else { return }
        for index in expressions.indices where expressions[index]["key"]?.string == Self.nameLabel {
            guard let values = expressions[index]["values"]?.array else { continue }
            expressions[index]["values"] = .array(values.map(renamed))
        }
        value["matchExpressions"] = .array(expressions)
    }

    private func renamed(_ value: JSONValue) -> JSONValue {
        var value = value
        mapName(&value)
        return value
    }

    private func mapUserName(_ value: inout JSONValue) {
        guard let text = value.string, text.hasPrefix("system:serviceaccount:") else { return }
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let target = mapping[parts[2]] else { return }
        parts[2] = target
        value = .string(parts.joined(separator: ":"))
    }

    private func mapGroupName(_ value: inout JSONValue) {
        let prefix = "system:serviceaccounts:"
        guard let text = value.string, text.hasPrefix(prefix) else { return }
        guard let target = mapping[String(text.dropFirst(prefix.count))] else { return }
        value = .string(prefix + target)
    }

    private func mapPolicyRule(_ value: inout JSONValue) {
        guard let resources = value["resources"]?.array?.map(\.string), !resources.isEmpty else { return }
        // A rule for several resources has names that may be anything's.
        guard resources.allSatisfy({ $0 == "namespaces" || $0?.hasPrefix("namespaces/") == true }) else { return }
        guard let names = value["resourceNames"]?.array else { return }
        value["resourceNames"] = .array(names.map(renamed))
    }

    private func mapClassParameters(_ value: inout JSONValue) {
        for key in (value.object ?? [:]).keys {
            let isCSI = key.hasPrefix("csi.storage.k8s.io/") && key.hasSuffix("secret-namespace")
            if isCSI || Self.inTreeParameters.contains(key) { mapMember(&value, key) }
        }
    }
}
