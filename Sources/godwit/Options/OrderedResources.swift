import ArgumentParser

/// Velero's `--ordered-resources`: `pods=ns1/pod1,ns1/pod2;persistentvolumes=pv1`.
enum OrderedResources {
    static func parse(_ text: String?) throws -> [String: [String]] {
        var ordered: [String: [String]] = [:]
        for part in (text ?? "").split(separator: ";") {
            let halves = part.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else {
                throw ValidationError("--ordered-resources: '\(part)' is not resource=name,name")
            }
            let names = halves[1].split(separator: ",").map { String($0) }
            guard ordered.updateValue(names, forKey: String(halves[0])) == nil else {
                throw ValidationError("--ordered-resources: '\(halves[0])' stands twice")
            }
        }
        return ordered
    }
}
