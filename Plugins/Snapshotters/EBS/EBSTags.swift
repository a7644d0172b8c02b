import CloudStorage

/// The tags of snapshots and of volumes made of them.
enum EBSTags {
    /// Tells what a request makes from all else, before its id is known.
    static let mark = "godwit.io/request"
    /// That the volume of a snapshot could be attached to several instances; nothing else of a snapshot says so.
    static let multiAttach = "godwit.io/multi-attach"
    private static let own: Set<String> = [mark, multiAttach]
    /// EC2's own limit.
    private static let limit = 50
    private static let keyLength = 127
    private static let valueLength = 255

    /// A snapshot has the tags that it is given, and those of its volume, and room for a mark.
    static func ofSnapshot(_ wanted: [String: String], volume: XMLElement) -> [String: String] {
        var tags: [String: String] = [:]
        for (key, value) in wanted { tags[cut(key, keyLength)] = cut(value, valueLength) }
        if volume.text("multiAttachEnabled") == "true" { tags[multiAttach] = "true" }
        return filled(tags, from: read(volume))
    }

    /// A volume has the tags of its snapshot, and room for a mark. With the cluster's name it is marked as the cluster's,
    /// and no other's.
    static func ofVolume(snapshot: XMLElement, clusterName: String?) -> [String: String] {
        let tags = read(snapshot)
        guard let clusterName, !clusterName.isEmpty else { return filled([:], from: tags) }
        return filled(
            ["kubernetes.io/cluster/\(clusterName)": "owned", "KubernetesCluster": clusterName],
            from: tags.filter { !$0.key.hasPrefix("kubernetes.io/cluster/") && $0.key != "KubernetesCluster" })
    }

    /// Whether the volume of a snapshot could be attached to several instances.
    static func isMultiAttach(snapshot: XMLElement) -> Bool { read(snapshot)[multiAttach] == "true" }

    /// Tags with as many others as there is room for.
    private static func filled(_ tags: [String: String], from others: [String: String]) -> [String: String] {
        var tags = tags
        for (key, value) in others.sorted(by: { $0.key < $1.key })
        where !own.contains(key) && tags[key] == nil && tags.count < limit - 1 { tags[key] = value }
        return tags
    }

    /// The parameters of a request that makes something.
    static func parameters(_ tags: [String: String], resource: String) -> [(name: String, value: String)] {
        guard !tags.isEmpty else { return [] }
        var parameters = [(name: "TagSpecification.1.ResourceType", value: resource)]
        for (index, tag) in tags.sorted(by: { $0.key < $1.key }).enumerated() {
            parameters.append(("TagSpecification.1.Tag.\(index + 1).Key", tag.key))
            parameters.append(("TagSpecification.1.Tag.\(index + 1).Value", tag.value))
        }
        return parameters
    }

    /// The tags of a volume or snapshot; those of AWS's own, and one without a key, cannot be given to anything.
    private static func read(_ element: XMLElement) -> [String: String] {
        var tags: [String: String] = [:]
        for item in element["tagSet"]?.all("item") ?? [] {
            guard let key = item.text("key"), !key.isEmpty, !key.hasPrefix("aws:") else { continue }
            tags[key] = item.text("value") ?? ""
        }
        return tags
    }

    private static func cut(_ text: String, _ length: Int) -> String { String(text.unicodeScalars.prefix(length)) }
}
