/// The name of a PersistentVolumeClaim, and so of the volume that belongs to it, wherever its data is kept.
public struct ClaimName: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
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

    /// The claim as an item.
    public var item: ItemIdentity {
        ItemIdentity(resource: .persistentVolumeClaims, namespace: namespace, name: name)
    }

    /// By namespace, then by name.
    public static func < (left: ClaimName, right: ClaimName) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}
