import ArgumentParser
import Foundation
import GodwitEngine
import GodwitModel
import GodwitPluginAPI

/// Where backups are kept.
struct StorageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where backups are kept: file:///dir, s3://bucket/prefix?…", valueName: "url"))
    var storage: String?

    @Option(help: ArgumentHelp("A location named with 'backup-location set'.", valueName: "name"))
    var storageLocation: String?

    func validate() throws {
        guard storage == nil || storageLocation == nil else {
            throw ValidationError("--storage and --storage-location exclude each other")
        }
    }

    /// The location that the options, the environment (GODWIT_STORAGE) or the configuration name.
    func location(_ global: GlobalOptions) throws -> (name: String, location: StorageLocation) {
        if let storage { return ("", try StorageLocation(parsing: storage)) }
        let book = try LocationBook(contentsOf: global.configurationPath)
        if let storageLocation {
            guard let location = book[storageLocation] else { throw UnknownLocationError(name: storageLocation) }
            return (storageLocation, location)
        }
        if let url = ProcessInfo.processInfo.environment["GODWIT_STORAGE"], !url.isEmpty {
            return ("", try StorageLocation(parsing: url))
        }
        guard let name = book.defaultName, let location = book[name] else { throw MissingStorageError() }
        return (name, location)
    }
}

/// Nobody said where backups are kept.
struct MissingStorageError: AdvisedError, UsageError {
    var summary: String { "no storage was named" }
    var reason: String? { nil }
    var advice: String? {
        "name one with --storage URL, or once and for all with 'godwit backup-location set NAME URL --default'"
    }
}
