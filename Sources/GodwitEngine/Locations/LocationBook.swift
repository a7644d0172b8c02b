import Foundation
public import GodwitModel
public import GodwitPluginAPI

/// The named backup locations and snapshot locations of a user, kept in a small JSON file.
public struct LocationBook: Sendable, Hashable {
    /// A named location.
    public struct Entry: Sendable, Hashable {
        /// The name.
        public let name: String
        /// Where it is.
        public let location: StorageLocation
        /// Whether it is taken when none is named.
        public let isDefault: Bool
    }

    private var locations: [String: StorageLocation] = [:]
    private var snapshots: [String: SnapshotLocation] = [:]
    /// The name of the location that is taken when none is named.
    public private(set) var defaultName: String?

    /// A book without entries.
    public init() {}

    /// All locations, by name.
    public var entries: [Entry] {
        locations.sorted { $0.key < $1.key }.map { Entry(name: $0, location: $1, isDefault: $0 == defaultName) }
    }

    /// A location by name.
    public subscript(name: String) -> StorageLocation? { locations[name] }

    /// Adds a location, or changes it. The first one becomes the default.
    public mutating func set(_ name: String, to location: StorageLocation, asDefault: Bool) {
        locations[name] = location
        if asDefault || defaultName == nil { defaultName = name }
    }

    /// Removes a location; false if there was none. A single remaining location becomes the default.
    public mutating func remove(_ name: String) -> Bool {
        guard locations.removeValue(forKey: name) != nil else { return false }
        if defaultName == name { defaultName = locations.count == 1 ? locations.keys.first : nil }
        return true
    }
}

extension LocationBook {
    /// All snapshot locations, by name.
    public var snapshotLocations: [SnapshotLocation] { snapshots.values.sorted { $0.name < $1.name } }

    /// Adds a snapshot location, or changes it.
    public mutating func set(_ location: SnapshotLocation) { snapshots[location.name] = location }

    /// Removes a snapshot location; false if there was none.
    public mutating func removeSnapshotLocation(_ name: String) -> Bool { snapshots.removeValue(forKey: name) != nil }
}

extension LocationBook {
    /// Reads a book; a file that does not exist is an empty book.
    ///
    /// - Throws: ``LocationBookError``.
    public init(contentsOf path: String) throws {
        self.init()
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            let json = try JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
            for (name, value) in json["backupLocations"]?.object ?? [:] {
                locations[name] = try StorageLocation(parsing: value["url"]?.string ?? "")
            }
            defaultName = json["defaultBackupLocation"]?.string
            for (name, value) in json["volumeSnapshotLocations"]?.object ?? [:] {
                snapshots[name] = SnapshotLocation(
                    name: name, provider: value["provider"]?.string ?? "",
                    configuration: (value["config"]?.object ?? [:]).compactMapValues(\.string))
            }
        } catch {
            throw LocationBookError(summary: "cannot read the configuration '\(path)'", reason: "\(error)")
        }
    }

    /// Writes the book, readable by its owner alone, in one step.
    ///
    /// - Throws: ``LocationBookError``.
    public func write(to path: String) throws {
        var json: JSONValue = .object([:])
        json["backupLocations"] = .object(
            locations.mapValues { .object(["url": .string($0.description)]) })
        json["defaultBackupLocation"] = defaultName.map { .string($0) }
        if !snapshots.isEmpty {
            json["volumeSnapshotLocations"] = .object(
                snapshots.mapValues { location in
                    [
                        "provider": .string(location.provider),
                        "config": .object(location.configuration.mapValues { .string($0) }),
                    ]
                })
        }
        do {
            let file = URL(fileURLWithPath: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try Data((json.prettyPrinted() + "\n").utf8).write(to: file, options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            throw LocationBookError(
                summary: "cannot write the configuration '\(path)'", reason: error.localizedDescription)
        }
    }
}

/// The configuration could not be read or written.
public struct LocationBookError: AdvisedError, Hashable {
    /// What failed.
    public let summary: String
    /// Why.
    public let reason: String?
    /// What to do next.
    public var advice: String? { "correct the file, or name another with --config" }
}
