public import GodwitModel

/// A document of volume policies cannot be used.
public struct VolumePolicyError: AdvisedError, Hashable {
    /// What is wrong with it.
    public let problem: String

    init(_ problem: String) { self.problem = problem }

    /// What is wrong.
    public var summary: String { "the volume policies cannot be used: \(problem)" }
    /// The summary says it all.
    public var reason: String? { nil }
    /// What to do next.
    public var advice: String? { "correct the document; docs/volumes.md describes it" }
}

extension VolumePolicies.Rule {
    init(_ policy: JSONValue, at place: String) throws(VolumePolicyError) {
        guard let members = policy.object else { throw VolumePolicyError("\(place) is not a mapping") }
        for key in members.keys.sorted() where !["conditions", "action"].contains(key) {
            throw VolumePolicyError("\(place).\(key) is not known")
        }
        let type = members["action"]?["type"]?.string ?? ""
        guard let action = VolumePolicies.Action(rawValue: type) else {
            throw VolumePolicyError("\(place).action.type is '\(type)', not skip, snapshot or fs-backup")
        }
        self.init()
        self.action = action
        guard let conditions = (members["conditions"] ?? [:]).object else {
            throw VolumePolicyError("\(place).conditions is not a mapping")
        }
        for (key, value) in conditions.sorted(by: { $0.key < $1.key }) {
            try take(key, value, at: "\(place).conditions.\(key)")
        }
    }

    private mutating func take(_ key: String, _ value: JSONValue, at place: String) throws(VolumePolicyError) {
        switch key {
        case "capacity": capacity = try Self.range(value, at: place)
        case "storageClass": storageClasses = try Self.strings(value, at: place)
        case "nfs":
            let members = try Self.members(value, ["server", "path"], at: place)
            nfs = NFS(
                server: try Self.string(members["server"], at: "\(place).server"),
                path: try Self.string(members["path"], at: "\(place).path"))
        case "csi":
            let members = try Self.members(value, ["driver", "volumeAttributes"], at: place)
            var condition = CSI()
            condition.driver = try Self.string(members["driver"], at: "\(place).driver")
            if let attributes = members["volumeAttributes"] {
                condition.attributes = try Self.map(attributes, at: "\(place).volumeAttributes")
            }
            csi = condition
        case "volumeTypes": volumeTypes = try Self.strings(value, at: place)
        case "pvcLabels": claimLabels = try Self.map(value, at: place)
        case "pvcPhase": claimPhases = try Self.strings(value, at: place)
        default: throw VolumePolicyError("\(place) is not a condition that is known")
        }
    }

    /// `10Gi,100Gi`, `10Gi,` or `,100Gi`; both ends belong to it.
    private static func range(_ value: JSONValue, at place: String) throws(VolumePolicyError) -> ClosedRange<Double> {
        let text = value.string ?? ""
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingSpaces() }
        guard parts.count == 2, !(parts[0].isEmpty && parts[1].isEmpty) else {
            throw VolumePolicyError("\(place) is '\(text)', not of the form '10Gi,100Gi'")
        }
        let lower = parts[0].isEmpty ? 0 : Quantity.parse(parts[0])
        let upper = parts[1].isEmpty ? Double.greatestFiniteMagnitude : Quantity.parse(parts[1])
        guard let lower, let upper, lower <= upper else {
            throw VolumePolicyError("\(place): '\(text)' is no range of sizes")
        }
        return lower...upper
    }

    private static func string(_ value: JSONValue?, at place: String) throws(VolumePolicyError) -> String {
        guard let value, !value.isNull else { return "" }
        guard let text = value.string else { throw VolumePolicyError("\(place) is not a text") }
        return text
    }

    private static func strings(_ value: JSONValue, at place: String) throws(VolumePolicyError) -> [String] {
        guard let elements = value.array else { throw VolumePolicyError("\(place) is not a list") }
        let texts = elements.compactMap(\.string)
        guard texts.count == elements.count, !texts.isEmpty else {
            throw VolumePolicyError("\(place) is not a list of texts")
        }
        return texts
    }

    private static func map(_ value: JSONValue, at place: String) throws(VolumePolicyError) -> [String: String] {
        guard let members = value.object else { throw VolumePolicyError("\(place) is not a mapping") }
        let texts = members.compactMapValues(\.string)
        guard texts.count == members.count else { throw VolumePolicyError("\(place) has values that are no texts") }
        return texts
    }

    /// The members of a mapping, which may be empty or null: any volume of that type.
    private static func members(
        _ value: JSONValue, _ known: Set<String>, at place: String
    ) throws(VolumePolicyError) -> [String: JSONValue] {
        if value.isNull { return [:] }
        guard let members = value.object else { throw VolumePolicyError("\(place) is not a mapping") }
        for key in members.keys.sorted() where !known.contains(key) {
            throw VolumePolicyError("\(place).\(key) is not known")
        }
        return members
    }
}
