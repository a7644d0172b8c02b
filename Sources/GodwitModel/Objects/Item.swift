/// One object in the form in which it travels: its JSON text as it came, and what was read of it.
///
/// A copy costs one reference, however much was read.
public struct Item: Sendable {
    private final class Contents: Sendable {
        let bytes: [UInt8]
        let metadata: ItemMetadata
        let resource: GroupResource

        init(_ bytes: [UInt8], _ metadata: ItemMetadata, _ resource: GroupResource) {
            self.bytes = bytes
            self.metadata = metadata
            self.resource = resource
        }
    }

    private let contents: Contents

    /// The JSON text of the whole object, `apiVersion` and `kind` included.
    public var bytes: [UInt8] { contents.bytes }
    /// What was read from the text.
    public var metadata: ItemMetadata { contents.metadata }
    /// The resource without version.
    public var resource: GroupResource { contents.resource }

    /// An item of a resource.
    public init(bytes: [UInt8], metadata: ItemMetadata, resource: GroupResource) {
        contents = Contents(bytes, metadata, resource)
    }

    /// Which object this is.
    public var identity: ItemIdentity {
        ItemIdentity(resource: resource, namespace: metadata.namespace, name: metadata.name)
    }
}
