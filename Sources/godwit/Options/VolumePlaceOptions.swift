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

    @Option(
        help: ArgumentHelp(
            "Where this node's kubelet mounts volumes, such as /var/lib/kubelet. Volumes that only a pod can mount are then reached too.",
            valueName: "dir"),
        completion: .directory)
    var kubeletRoot: String?

    @Option(
        help: ArgumentHelp(
            "The image of the pods that have the kubelet mount volumes; they run nothing but its entry point (default: \(ClaimMountSettings.standardImage)).",
            valueName: "image"))
    var mountImage: String?

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

    func validate() throws {
        _ = try named()
        guard let mountImage else { return }
        guard kubeletRoot != nil else { throw ValidationError("--mount-image makes no sense without --kubelet-root") }
        guard !mountImage.isEmpty, !mountImage.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw ValidationError("--mount-image: '\(mountImage)' is no name of an image")
        }
    }

    /// How volumes are mounted that no pod of this node uses.
    func mounts(timeout: Duration?) -> ClaimMountSettings {
        var settings = ClaimMountSettings()
        if let mountImage { settings.image = mountImage }
        if let timeout { settings.timeout = timeout }
        return settings
    }

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
        _ cluster: ClusterOptions, _ storage: StorageOptions, _ global: GlobalOptions
    ) throws -> LocalVolumeMover {
        if let kubeletRoot, !FileManager.default.isReadableFile(atPath: kubeletRoot + "/pods") {
            throw UnreadableFileError(path: kubeletRoot + "/pods", option: "--kubelet-root")
        }
        if kubeletRoot != nil, cluster.directory != nil {
            throw ValidationError(
                "--kubelet-root makes no sense with --cluster dir:PATH, whose volumes are below "
                    + VolumePlaces.volumesFolder)
        }
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
