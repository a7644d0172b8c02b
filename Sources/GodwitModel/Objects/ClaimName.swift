/// The name of a PersistentVolumeClaim, and so of the volume that belongs to it, wherever its data is kept.
public struct ClaimName: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// The annotation of a claim in a cluster whose volume a restore is to fill and has not filled yet. Whoever fills it
    /// removes it.
    public static let unfilledAnnotation = "godwit.io/unfilled"

    /// The namespace of the claim.
    public let namespace: String
    /// The name of the claim.
    public let name: String

    /// A name.
    public init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// Reads `namespace/name`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        self.init(namespace: String(parts[0]), name: String(parts[1]))
    }

    /// `namespace/name`
    public var description: String { "\(namespace)/\(name)" }

    /// Decodes the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let name = ClaimName(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no namespace/name")
        }
        self = name
    }

    /// Encodes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Whether a StatefulSet makes this claim from one of its templates: `<template>-<set>-<number>`.
    public func isMade(by set: KubernetesObject) -> Bool {
        guard set.namespace == namespace else { return false }
        return (set[path: "spec", "volumeClaimTemplates"]?.array ?? []).contains { template in
            guard let prefix = template[path: "metadata", "name"]?.string.map({ "\($0)-\(set.name)-" }) else {
                return false
            }
            return name.hasPrefix(prefix) && UInt(name.dropFirst(prefix.count)) != nil
        }
    }

    /// The claim that an item is; nil for any other item.
    public init?(_ item: ItemIdentity) {
        guard item.resource == .persistentVolumeClaims, let namespace = item.namespace else { return nil }
        self.init(namespace: namespace, name: item.name)
    }

    /// The claim as an item.
    public var item: ItemIdentity {
        ItemIdentity(resource: .persistentVolumeClaims, namespace: namespace, name: name)
    }

    /// By namespace, then by name.
    public static func < (left: ClaimName, right: ClaimName) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}
