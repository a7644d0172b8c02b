import GodwitEngine
import GodwitModel

/// What a backup holds, counted from its index.
struct BackupHoldings {
    private struct Place: Hashable {
        let resource: GroupResource
        let namespace: String
    }

    private var items: [Place: Int] = [:]
    private var bytes: [Place: Int64] = [:]

    init(_ contents: any BackupContents) async throws {
        var items: [Place: Int] = [:]
        var bytes: [Place: Int64] = [:]
        try await contents.forEachEntry { batch in
            for entry in batch {
                let place = Place(resource: entry.identity.resource, namespace: entry.identity.namespace ?? "")
                items[place, default: 0] += 1
                bytes[place, default: 0] += entry.size
            }
        }
        await contents.close()
        (self.items, self.bytes) = (items, bytes)
    }

    private var places: [Place] {
        items.keys.sorted { ($0.resource, $0.namespace) < ($1.resource, $1.namespace) }
    }

    var table: Table {
        var table = Table("RESOURCE", "NAMESPACE", "ITEMS", "SIZE")
        for place in places {
            table.add(
                place.resource.description, place.namespace.isEmpty ? "-" : place.namespace, "\(items[place] ?? 0)",
                Units.bytes(bytes[place] ?? 0))
        }
        return table
    }

    var json: JSONValue {
        .array(
            places.map { place in
                [
                    "resource": .string(place.resource.description), "namespace": .string(place.namespace),
                    "items": .integer(Int64(items[place] ?? 0)), "bytes": .integer(bytes[place] ?? 0),
                ]
            })
    }
}
