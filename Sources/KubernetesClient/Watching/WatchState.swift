import GodwitModel

/// What a watch remembers of the objects it has reported, to find out after an expired resource version what has
/// changed meanwhile. It keeps identities and versions, no content.
struct WatchState: Sendable {
    private struct Known {
        let uid: String
        let resourceVersion: String
        /// The listing in which the object was seen last.
        var generation: Int
    }

    private var objects: [ItemIdentity: Known] = [:]
    private var generation = 0

    /// Notes an event of the server's.
    mutating func note(_ event: WatchEvent) {
        switch event {
        case .added(let item), .modified(let item): remember(item)
        case .deleted(let item): objects[item.identity] = nil
        }
    }

    /// Begins a new listing.
    mutating func beginListing() { generation += 1 }

    /// What an object of a listing means: something new, something else, or nothing. One that was deleted and
    /// created again is first reported as deleted.
    mutating func events(forListed item: Item) -> [WatchEvent] {
        let known = objects[item.identity]
        remember(item)
        guard let known else { return [.added(item)] }
        if known.uid != item.metadata.uid { return [.deleted(tombstone(item.identity, known, item)), .added(item)] }
        return known.resourceVersion == item.metadata.resourceVersion ? [] : [.modified(item)]
    }

    /// What has vanished: everything that the listing did not hold.
    mutating func endListing(_ resource: APIResource) -> [WatchEvent] {
        let vanished = objects.filter { $0.value.generation != generation }
        for identity in vanished.keys { objects[identity] = nil }
        return vanished.sorted { $0.key < $1.key }.compactMap { identity, known in
            Self.tombstone(
                identity, known, apiVersion: resource.groupVersion.description, kind: resource.kind
            ).map { .deleted($0) }
        }
    }

    private mutating func remember(_ item: Item) {
        objects[item.identity] = Known(
            uid: item.metadata.uid, resourceVersion: item.metadata.resourceVersion, generation: generation)
    }

    private func tombstone(_ identity: ItemIdentity, _ known: Known, _ successor: Item) -> Item {
        Self.tombstone(
            identity, known, apiVersion: successor.metadata.apiVersion, kind: successor.metadata.kind) ?? successor
    }

    /// All that is known of an object that is gone.
    private static func tombstone(
        _ identity: ItemIdentity, _ known: Known, apiVersion: String, kind: String
    ) -> Item? {
        var metadata: [String: JSONValue] = [
            "name": .string(identity.name), "uid": .string(known.uid),
            "resourceVersion": .string(known.resourceVersion),
        ]
        if let namespace = identity.namespace { metadata["namespace"] = .string(namespace) }
        let object: JSONValue = [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": .object(metadata),
        ]
        let bytes = object.serialized()
        guard let read = try? ItemMetadata(scanning: bytes) else { return nil }
        return Item(bytes: bytes, metadata: read, resource: identity.resource)
    }
}
