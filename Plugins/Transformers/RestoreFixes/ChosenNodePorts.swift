import GodwitModel

/// Which node ports of a Service its user chose, as far as the object tells.
struct ChosenNodePorts: Sendable {
    static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    /// The annotation is there and is not JSON.
    private(set) var isUnreadable = false
    /// The health-check node port was chosen.
    private(set) var healthCheck = false
    private var names: Set<String> = []
    private var numbersOfUnnamed: Set<Int64> = []
    /// `k:{"port":80,"protocol":"TCP"}`: the keys of managed fields.
    private var managedKeys: Set<String> = []

    init(_ service: KubernetesObject) {
        readManagedFields(service)
        guard let text = service.annotations[Self.lastApplied] else { return }
        // The annotation says all about ports; managed fields of the same object repeat it or are older.
        managedKeys = []
        do {
            readLastApplied(try JSONValue(parsing: text))
        } catch {
            isUnreadable = true
        }
    }

    /// Whether the node port of an element of `spec.ports` was chosen.
    func contains(_ port: JSONValue) -> Bool {
        if managedKeys.contains(Self.key(of: port)) { return true }
        if let name = port["name"]?.string, !name.isEmpty { return names.contains(name) }
        return port["nodePort"]?.integer.map(numbersOfUnnamed.contains) ?? false
    }

    private mutating func readLastApplied(_ applied: JSONValue) {
        for port in applied[path: "spec", "ports"]?.array ?? [] {
            guard let number = Self.number(port["nodePort"]), number > 0 else { continue }
            if let name = port["name"]?.string {
                names.insert(name)
            } else {
                numbersOfUnnamed.insert(number)
            }
        }
        if let number = Self.number(applied[path: "spec", "healthCheckNodePort"]), number > 0 { healthCheck = true }
    }

    private mutating func readManagedFields(_ service: KubernetesObject) {
        for entry in service[path: "metadata", "managedFields"]?.array ?? [] {
            guard let spec = entry[path: "fieldsV1", "f:spec"] else { continue }
            for (key, fields) in spec["f:ports"]?.object ?? [:] where fields["f:nodePort"] != nil {
                managedKeys.insert(key)
            }
            if spec["f:healthCheckNodePort"] != nil { healthCheck = true }
        }
    }

    private static func number(_ value: JSONValue?) -> Int64? { value?.integer ?? value?.string.flatMap { Int64($0) } }

    private static func key(of port: JSONValue) -> String {
        let number = port["port"]?.integer.map(String.init) ?? ""
        return "k:{\"port\":\(number),\"protocol\":\"\(port["protocol"]?.string ?? "TCP")\"}"
    }
}
