import Foundation
import Glibc
public import GodwitModel

/// Where on this machine the files of volumes are.
///
/// Nothing is guessed: a `hostPath` or `local` volume of another node is not looked for here, even if there is a
/// directory of that name.
public struct VolumePlaces: Sendable {
    /// Directories that the user named.
    public var named: [ClaimName: String] = [:]
    /// The kubelet's root directory, where pods' volumes are mounted; nil for none.
    public var kubeletRoot: String?
    /// The name of this machine as a node of the cluster.
    public var node: String
    /// Whether something is mounted at a directory.
    var isMounted: @Sendable (_ path: String) throws -> Bool = { try MountTable.current().hasMount(at: $0) }
    /// A directory of manifests, whose volumes are below ``volumesFolder``; nil for a cluster. Its objects' paths are of
    /// a machine that is not known.
    public var manifestDirectory: String?

    /// The folder of a directory of manifests that holds volumes, `<namespace>/<claim>` each.
    public static let volumesFolder = ".volumes"

    /// Places on the node of this name.
    public init(node: String) { self.node = node }

    /// Where a volume can be read. Blocks.
    func reach(toBackUp volume: ClaimedVolume) throws -> VolumeReach {
        if let path = named[volume.claim] { return existing(path, by: .named) }
        if let manifestDirectory {
            let folder = try Self.folder(of: volume.claim, in: manifestDirectory)
            return existing(folder, by: .manifestDirectory)
        }
        if let kubeletRoot, let mount = mounted(volume, below: kubeletRoot) { return mount }
        return try reach(volume) { existing($0, by: $1) }
    }

    /// Where a volume can be filled. Blocks. The directory need not be there yet.
    func reach(toRestore volume: ClaimedVolume) throws -> VolumeReach {
        if let path = named[volume.claim] { return .reachable(at: path, by: .named) }
        if let manifestDirectory {
            return .reachable(at: try Self.folder(of: volume.claim, in: manifestDirectory), by: .manifestDirectory)
        }
        if let kubeletRoot, let mount = mounted(volume, below: kubeletRoot) { return mount }
        return try reach(volume) { path, way in
            // What a kubelet makes on demand may be made here; a disk that is not mounted may not be made up.
            volume.source?.type == "hostPath" ? .reachable(at: path, by: way) : existing(path, by: way)
        }
    }

    private func reach(
        _ volume: ClaimedVolume, _ found: (_ path: String, _ way: VolumeReach.Way) -> VolumeReach
    ) throws -> VolumeReach {
        let advice = "run godwit there, or name its directory with --volume-path \(volume.claim)=DIR"
        guard let source = volume.source else {
            return .unreachable("its PersistentVolume '\(volume.volumeName)' is not known; \(advice)")
        }
        switch source.type {
        case "hostPath", "local":
            let nodes = volume.nodes.isEmpty ? Set(volume.pods.map(\.node).filter { !$0.isEmpty }) : volume.nodes
            guard nodes.isEmpty || nodes.contains(where: isHere) else {
                return .unreachable(
                    "its directory \(source.path) is on node \(nodes.sorted().joined(separator: ", ")), and this is "
                        + "'\(node)'; \(advice)")
            }
            return found(source.path, .ownPath)
        case "nfs":
            guard let path = try MountTable.current().directory(ofServer: source.server, path: source.path) else {
                return .unreachable("\(source.server):\(source.path) is not mounted here; mount it, or \(advice)")
            }
            return found(path, .mountedExport)
        default:
            let kind = source.driver.isEmpty ? source.type : "\(source.type) (\(source.driver))"
            return .unreachable(
                "it is of type \(kind); on a node that mounts it give --kubelet-root, or name its directory with "
                    + "--volume-path \(volume.claim)=DIR")
        }
    }

    private func isHere(_ name: String) -> Bool { Self.isSameNode(name, node) }

    /// A node's name is its host name, with the domain or without.
    static func isSameNode(_ name: String, _ other: String) -> Bool {
        name == other || name.hasPrefix(other + ".") || other.hasPrefix(name + ".")
    }

    /// - Throws: ``VolumeDataError`` for a name that leads elsewhere: those of a manifest are what somebody wrote.
    private static func folder(of claim: ClaimName, in directory: String) throws -> String {
        for name in [claim.namespace, claim.name] {
            if let problem = NameValidation.problem(withSubdomain: name) {
                throw VolumeDataError("'\(name)' is no name of a folder of volumes: \(problem)")
            }
        }
        return "\(directory)/\(volumesFolder)/\(claim.namespace)/\(claim.name)"
    }

    /// Where the kubelet has mounted the volume for one of its pods; nil when it has not.
    private func mounted(_ volume: ClaimedVolume, below root: String) -> VolumeReach? {
        for pod in volume.pods where !pod.uid.isEmpty && !pod.uid.contains("/") {
            let base = "\(root)/pods/\(pod.uid)/volumes"
            let plugins: [String]
            switch Self.look(at: base) {
            case .nothing: continue
            case .unknown(let reason): return .unreachable("cannot look into \(base): \(reason)")
            case .directory:
                do { plugins = try FileManager.default.contentsOfDirectory(atPath: base) } catch {
                    return .unreachable("cannot list \(base): \(error.localizedDescription)")
                }
            }
            for plugin in plugins.sorted() {
                // A CSI driver mounts one folder further in.
                let end = plugin == "kubernetes.io~csi" ? "/mount" : ""
                let path = "\(base)/\(plugin)/\(volume.volumeName)\(end)"
                if Self.look(at: path) != .nothing { return mount(at: path) }
            }
        }
        return nil
    }

    /// The kubelet makes a directory and mounts the volume over it. Whoever sees the directory and not the mount, such as
    /// a container that was started before, sees an empty volume.
    private func mount(at path: String) -> VolumeReach {
        let found = existing(path, by: .kubelet)
        guard case .reachable = found else { return found }
        do {
            if try isMounted(path) { return found }
        } catch {
            return .unreachable("cannot tell what is mounted at \(path): \(error.localizedDescription)")
        }
        return .unreachable(
            "the kubelet's mount at \(path) cannot be seen from here; run godwit on the node itself, or in a container that "
                + "mounts the kubelet's directory with mountPropagation HostToContainer")
    }

    private func existing(_ path: String, by way: VolumeReach.Way) -> VolumeReach {
        switch Self.look(at: path) {
        case .directory: .reachable(at: path, by: way)
        case .nothing: .unreachable("there is no directory \(path) on this machine (\(way.rawValue))")
        case .unknown(let reason): .unreachable("cannot look at \(path) (\(way.rawValue)): \(reason)")
        }
    }

    private enum Sight: Equatable {
        case directory
        case nothing
        /// The system would not say, for this reason.
        case unknown(String)
    }

    private static func look(at path: String) -> Sight {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
            return isDirectory.boolValue ? .directory : .nothing
        }
        // It says no also where it could not look.
        guard access(path, F_OK) != 0 else { return .nothing }
        let reason = errno
        if reason == ENOENT || reason == ENOTDIR { return .nothing }
        return .unknown(String(cString: strerror(reason)) + (reason == EACCES ? "; run godwit as root" : ""))
    }
}
