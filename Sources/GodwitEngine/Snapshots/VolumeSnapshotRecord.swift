public import Foundation
import GodwitModel
public import GodwitPluginAPI

extension VolumeRecord {
    /// A snapshot of a volume that the storage keeps.
    public struct StorageSnapshot: Sendable, Hashable {
        /// The plugin that took it.
        public var provider: String
        /// The snapshot location that it was taken with; empty for a snapshot of a claim.
        public var location = ""
        /// What the storage calls it.
        public var id: String
        /// Where the storage keeps it, as its plugin says; empty where that is not known.
        public var place = ""
        /// What the storage calls the volume; empty where it does not matter.
        public var volumeID = ""
        /// The failure domain of the volume; nil for none.
        public var zone: String?
        /// What a volume like it must be given.
        public var info = VolumeInfo()
        /// The driver of a snapshot of a claim; empty for one of a snapshotter.
        public var driver = ""
        /// The class of a snapshot of a claim; empty when not known.
        public var snapshotClass = ""
        /// The least size of a volume made of it, in bytes; nil when not known.
        public var restoreSize: Int64?
        /// The moment before it was asked for: what is older is in it.
        public var taken: Date?

        /// A snapshot; what has a default is set afterwards.
        public init(provider: String, id: String) {
            self.provider = provider
            self.id = id
        }

        /// How a volume is made of it.
        public var kind: SnapshotKind { driver.isEmpty ? .ofStorage : .ofClaim }

        /// The snapshot as a ``ClaimSnapshotter`` knows it.
        var claimSnapshot: ClaimSnapshot {
            ClaimSnapshot(driver: driver, handle: id, snapshotClass: snapshotClass, restoreSize: restoreSize)
        }

        /// Which snapshot, in words.
        var description: String {
            driver.isEmpty ? "snapshot '\(id)' in '\(location)'" : "snapshot '\(id)' of driver '\(driver)'"
        }
    }

    /// The snapshot that a restore has the volume made of; nil where its data is in the repository, and restored from there.
    var source: StorageSnapshot? { data == nil ? snapshot : nil }
}

extension VolumeRecord.StorageSnapshot {
    /// The member `volumeSnapshot` of a row.
    var json: JSONValue {
        var json: JSONValue = ["provider": .string(provider), "id": .string(id)]
        let texts = [
            "location": location, "volumeID": volumeID, "zone": zone ?? "", "type": info.type, "driver": driver,
            "class": snapshotClass, "place": place,
        ]
        for (key, text) in texts where !text.isEmpty { json[key] = .string(text) }
        let numbers = ["iops": info.iops, "throughput": info.throughput, "restoreSize": restoreSize]
        for (key, number) in numbers { if let number { json[key] = .integer(number) } }
        if let taken { json["taken"] = .string(RFC3339.format(taken)) }
        return json
    }

    /// Reads the member of a row; nil for what names no snapshot.
    init?(json: JSONValue) {
        guard let provider = json["provider"]?.string, let id = json["id"]?.string, !id.isEmpty else { return nil }
        self.init(provider: provider, id: id)
        func text(_ key: String) -> String { json[key]?.string ?? "" }
        location = text("location")
        place = text("place")
        volumeID = text("volumeID")
        zone = text("zone").isEmpty ? nil : text("zone")
        info = VolumeInfo(
            type: text("type"), iops: json["iops"]?.integer, throughput: json["throughput"]?.integer)
        driver = text("driver")
        snapshotClass = text("class")
        restoreSize = json["restoreSize"]?.integer
        taken = json["taken"]?.string.flatMap(RFC3339.parse)
    }
}
