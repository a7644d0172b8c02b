/// One object in the form in which it travels: its JSON text as it came, and what was read of it.
public struct Item: Sendable {
    /// The JSON text of the whole object, `apiVersion` and `kind` included.
    public let bytes: [UInt8]
    /// What was read from the text.
    public let metadata: ItemMetadata
    /// The resource without version.
    public let resource: GroupResource

    /// An item of a resource.
    public init(bytes: [UInt8], metadata: ItemMetadata, resource: GroupResource) {
        self.bytes = bytes
        self.metadata = metadata
        self.resource = resource
    }

    /// Which object this is.
    public var identity: ItemIdentity {
        ItemIdentity(resource: resource, namespace: metadata.namespace, name: metadata.name)
    }
}
