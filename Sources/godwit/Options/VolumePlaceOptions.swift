import ArgumentParser
import Foundation
import GodwitEngine
import GodwitModel
import VolumeRepository

/// Where on this machine volumes are, and how their repository is opened.
struct VolumePlaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The directory of a claim's volume on this machine.", valueName: "namespace/claim=dir"))
    var volumePath: [NamedVolume] = []

    @Option(
        help: ArgumentHelp(
            "The name of this machine as a node of the cluster (default: its host name).", valueName: "name"))
    var node: String?

    @OptionGroup var credentials: RepositoryCredentialOptions

    /// `namespace/claim=dir`
    struct NamedVolume: ExpressibleByArgument {
        let claim: ClaimName
        let directory: String

        init?(argument: String) {
            let halves = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard halves.count == 2, let claim = ClaimName(halves[0]) else { return nil }
            self.claim = claim
            directory = URL(fileURLWithPath: halves[1]).path
        }
    }

    func validate() throws { _ = try named() }

    /// Directories by claim.
    func named() throws -> [ClaimName: String] {
        var named: [ClaimName: String] = [:]
        for path in volumePath {
            guard named.updateValue(path.directory, forKey: path.claim) == nil else {
                throw ValidationError("--volume-path: '\(path.claim)' is named twice")
            }
        }
        return named
    }

    /// What moves data between the places and the repository of the location.
    func mover(
        _ cluster: ClusterOptions, _ storage: StorageOptions, _ global: GlobalOptions, kubeletRoot: String? = nil
    ) throws -> LocalVolumeMover {
        var places = VolumePlaces(node: node ?? Self.hostName)
        places.named = try named()
        places.manifestDirectory = cluster.directory.map { URL(fileURLWithPath: $0).path }
        places.kubeletRoot = kubeletRoot
        return LocalVolumeMover(places: places, host: Self.hostName, version: Version.current) {
            [credentials] isCreating in
            let store = try await StorageOptions.store(storage.location(global).location, global)
            let secret = try credentials.credentials()
            return isCreating
                ? try await Repository.openOrCreate(store: store, credentials: secret)
                : try await Repository.open(store: store, credentials: secret)
        }
    }

    /// Without asking a name server.
    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
