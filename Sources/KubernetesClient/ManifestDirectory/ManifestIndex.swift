import Glibc
import GodwitModel

/// Which object stands where in a directory of manifests. Contents are not kept.
struct ManifestIndex: Sendable {
    /// Limits for what is read.
    struct Limits: Sendable {
        /// Bytes of one file.
        var fileSize = 64 << 20
        /// Folders inside folders.
        var depth = 64
        /// Files in all.
        var files = 1_000_000
    }

    /// An object's place, and the state of its file when it was found there.
    struct Entry: Sendable {
        let place: ManifestPlace
        let stamp: DirectoryTree.Stamp
    }

    /// An ``Entry`` in few bytes: hundreds of thousands of objects may be written into one directory.
    private struct Spot: Sendable {
        let stamp: DirectoryTree.Stamp
        /// nil for a file that holds the object alone and has the object's own path, which is computed.
        let elsewhere: Elsewhere?
    }

    /// The place of an object that shares a file, or whose file has another name than Godwit would give it.
    private final class Elsewhere: Sendable {
        let place: ManifestPlace
        init(_ place: ManifestPlace) { self.place = place }
    }

    private var identities = IdentityTable()
    /// By the identity's number; nil for an object that is gone.
    private var spots: [Spot?] = []
    private(set) var problems: [ManifestProblem] = []
    /// Definitions found in the directory, by group and kind.
    private(set) var definitions: [ItemIdentity: [APIResource]] = [:]
    /// Resources that nothing defines.
    private(set) var guesses: [GroupResource: [APIResource]] = [:]
    private var byKind: [String: [APIResource]] = [:]
    let limits: Limits

    init(scanning tree: DirectoryTree, limits: Limits = Limits()) {
        self.limits = limits
        var walk = Walk(tree: tree, limits: limits)
        // A link back to the directory itself leads to nothing new.
        if let root = tree.resolve("") { walk.seen.insert(Walk.Node(root.status)) }
        walk.visit("", depth: 0)
        problems = walk.problems
        // What Kubernetes itself does not define waits for the definitions, which may stand in a later file.
        var waiting: [(head: Head, place: ManifestPlace, stamp: DirectoryTree.Stamp)] = []
        for path in walk.files {
            guard let (file, stamp) = read(path, tree) else { continue }
            for object in file.objects {
                if object.value["kind"] == "CustomResourceDefinition" { define(object.value) }
                let head = Head(object.value)
                if let resource = Self.current(head) {
                    add(head, resource, object.place, stamp)
                } else {
                    waiting.append((head, object.place, stamp))
                }
            }
        }
        for (head, place, stamp) in waiting { add(head, resource(of: head), place, stamp) }
    }

    private mutating func read(_ path: String, _ tree: DirectoryTree) -> (ManifestFile, DirectoryTree.Stamp)? {
        do {
            let (bytes, stamp) = try tree.read(path, limit: limits.fileSize)
            let file = ManifestFile(path: path, bytes: bytes)
            problems += file.problems
            return (file, stamp)
        } catch {
            let reason = error.code == EFBIG ? "larger than \(limits.fileSize) bytes" : error.reason
            problems.append(ManifestProblem(path: path, line: 0, reason: reason, severity: .failed))
            return nil
        }
    }

    /// What identifies an object.
    private struct Head {
        let groupVersion: GroupVersion
        let kind: String
        let namespace: String?
        let name: String

        init(_ value: JSONValue) {
            let object = KubernetesObject(value)
            groupVersion = GroupVersion(apiVersion: object.apiVersion)
            kind = object.kind
            namespace = object.namespace
            name = object.name
        }
    }

    /// The resource of an object that today's Kubernetes defines itself.
    private static func current(_ head: Head) -> APIResource? {
        currentResources[head.kind]?.first { $0.groupVersion == head.groupVersion }
    }

    /// The resource of an object: built in, defined in the directory, or guessed.
    private func resource(of head: Head) -> APIResource {
        let known = Self.builtIn[head.kind] ?? []
        if let exact = known.first(where: { $0.groupVersion == head.groupVersion }) { return exact }
        let defined = (byKind[head.kind] ?? []).filter { $0.groupVersion.group == head.groupVersion.group }
        // Another version of a known kind has the same names.
        if let near = defined.first(where: { $0.groupVersion == head.groupVersion })
            ?? defined.first ?? known.first(where: { $0.groupVersion.group == head.groupVersion.group })
        {
            return APIResource(
                groupVersion: head.groupVersion, plural: near.plural, singular: near.singular, kind: near.kind,
                isNamespaced: near.isNamespaced, verbs: near.verbs, shortNames: near.shortNames,
                categories: near.categories)
        }
        return .guess(head.groupVersion, kind: head.kind, isNamespaced: head.namespace != nil)
    }

    private static let currentResources = Dictionary(grouping: BuiltInResources.current, by: \.kind)
    private static let builtIn = Dictionary(
        grouping: BuiltInResources.current + BuiltInResources.past, by: \.kind)

    private mutating func define(_ definition: JSONValue) {
        let resources = APIResource.defined(by: definition)
        guard let first = resources.first else { return }
        let name = ItemIdentity(
            resource: .customResourceDefinitions, namespace: nil, name: first.groupResource.description)
        definitions[name] = resources
        byKind[first.kind, default: []].removeAll { $0.groupResource == first.groupResource }
        byKind[first.kind, default: []] += resources
    }

    private mutating func add(
        _ head: Head, _ resource: APIResource, _ place: ManifestPlace, _ stamp: DirectoryTree.Stamp
    ) {
        // A namespaced object without a namespace is kubectl's `default`.
        let namespace = resource.isNamespaced ? head.namespace ?? "default" : nil
        let identity = ItemIdentity(resource: resource.groupResource, namespace: namespace, name: head.name)
        if let first = entry(of: identity) {
            let reason = "\(identity) stands in \(first.place.path) too, and that one counts"
            problems.append(ManifestProblem(path: place.path, line: place.line, reason: reason, severity: .failed))
            return
        }
        keep(identity, place, stamp)
        note(resource)
    }

    private mutating func keep(_ identity: ItemIdentity, _ place: ManifestPlace, _ stamp: DirectoryTree.Stamp) {
        let isOwn = place == .own(path: ManifestPath.path(of: identity), size: stamp.size)
        let spot = Spot(stamp: stamp, elsewhere: isOwn ? nil : Elsewhere(place))
        let number = identities.insert(identity)
        if number == spots.count { spots.append(spot) } else { spots[number] = spot }
    }

    /// Where an object stands; nil when it is not there.
    func entry(of identity: ItemIdentity) -> Entry? {
        guard let number = identities.number(of: identity), let spot = spots[number] else { return nil }
        let place = spot.elsewhere?.place ?? .own(path: ManifestPath.path(of: identity), size: spot.stamp.size)
        return Entry(place: place, stamp: spot.stamp)
    }

    private mutating func note(_ resource: APIResource) {
        let isDefined = (byKind[resource.kind] ?? []).contains { $0.groupResource == resource.groupResource }
        let isCurrent = (Self.currentResources[resource.kind] ?? []).contains {
            $0.groupVersion == resource.groupVersion
        }
        guard !isDefined, !isCurrent else { return }
        var versions = guesses[resource.groupResource] ?? []
        if !versions.contains(resource) { versions.append(resource) }
        guesses[resource.groupResource] = versions.sorted {
            VersionPriority.precedes($0.groupVersion.version, $1.groupVersion.version)
        }
    }

    /// Everything that the directory serves: Kubernetes' own, what is defined in it, and what is found in it.
    var catalog: APIResourceCatalog {
        var resources = BuiltInResources.current
        for (_, defined) in definitions.sorted(by: { $0.key < $1.key }) { resources += defined }
        for (_, guessed) in guesses.sorted(by: { $0.key < $1.key }) { resources += guessed }
        var failures: [GroupVersion: String] = [:]
        // A file that cannot be read has no group of its own, but what it holds is missing all the same.
        for problem in problems where problem.severity == .failed {
            let key = GroupVersion(group: "manifest", version: problem.path)
            failures[key] = failures[key].map { "\($0); \(problem.description)" } ?? problem.description
        }
        return APIResourceCatalog(
            resources, preferredVersions: BuiltInResources.preferredVersions, failedGroups: failures)
    }

    /// The numbers of a resource's objects, at any version, ordered by namespace and name. A number stays an object's
    /// own whatever becomes of it.
    func numbers(of resource: GroupResource, namespace: String?) -> [Int] {
        identities.numbers(of: resource, namespace: namespace).filter { spots[$0] != nil }
    }

    /// The identity that has a number.
    func identity(numbered number: Int) -> ItemIdentity { identities[number] }

    /// Records a written object.
    mutating func record(
        _ identity: ItemIdentity, _ object: KubernetesObject, _ place: ManifestPlace, _ stamp: DirectoryTree.Stamp
    ) {
        forget(identity)
        if object.kind == "CustomResourceDefinition" { define(object.value) }
        let groupVersion = GroupVersion(apiVersion: object.apiVersion)
        keep(identity, place, stamp)
        note(
            APIResource(
                groupVersion: groupVersion, plural: identity.resource.resource, singular: object.kind.lowercased(),
                kind: object.kind, isNamespaced: identity.namespace != nil, verbs: BuiltInResources.verbs))
    }

    /// Records that an object is gone.
    mutating func forget(_ identity: ItemIdentity) {
        if let number = identities.number(of: identity) { spots[number] = nil }
        if let defined = definitions.removeValue(forKey: identity), let first = defined.first {
            byKind[first.kind]?.removeAll { $0.groupResource == first.groupResource }
        }
    }

    /// Records that a file has lost the bytes of one document.
    mutating func shift(_ path: String, removing range: Range<Int>, stamp: DirectoryTree.Stamp) {
        for number in spots.indices {
            guard let place = spots[number]?.elsewhere?.place, place.path == path else { continue }
            let offset = place.range.lowerBound >= range.upperBound ? range.count : 0
            let moved = ManifestPlace(
                path: path, range: (place.range.lowerBound - offset)..<(place.range.upperBound - offset),
                line: place.line, listIndex: place.listIndex, neighbours: place.neighbours - 1)
            spots[number] = Spot(stamp: stamp, elsewhere: Elsewhere(moved))
        }
    }
}

/// Finds the manifest files of a tree.
private struct Walk {
    struct Node: Hashable {
        let device: UInt64
        let inode: UInt64

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    let tree: DirectoryTree
    let limits: ManifestIndex.Limits
    var files: [String] = []
    var problems: [ManifestProblem] = []
    var seen: Set<Node> = []

    mutating func report(_ path: String, _ reason: String, _ severity: ManifestProblem.Severity) {
        problems.append(ManifestProblem(path: path, line: 0, reason: reason, severity: severity))
    }

    mutating func visit(_ directory: String, depth: Int) {
        guard depth <= limits.depth else { return report(directory, "folders are nested too deeply", .failed) }
        let names: [String]
        do {
            names = try tree.names(in: directory)
        } catch {
            return report(directory, error.reason, .failed)
        }
        // Hidden files are version control's, an editor's, or unfinished.
        for name in names where !name.hasPrefix(".") {
            let path = directory.isEmpty ? name : "\(directory)/\(name)"
            guard let (status, _) = tree.resolve(path) else {
                report(path, "a symbolic link that leads out of the directory, or nowhere", .ignored)
                continue
            }
            let isManifest = ManifestFile.isManifest(path)
            switch status.st_mode & S_IFMT {
            case S_IFDIR: if isNew(status) { visit(path, depth: depth + 1) }
            case S_IFREG where !isManifest: report(path, "not named .yaml, .yml or .json", .ignored)
            case S_IFREG where files.count >= limits.files: report(path, "too many files", .failed)
            case S_IFREG: if isNew(status) { files.append(path) }
            default: report(path, "not a file", .ignored)
            }
        }
    }

    /// Whether a file or folder was not reached before, by its own name or by a link.
    private mutating func isNew(_ status: stat) -> Bool {
        seen.insert(Node(status)).inserted
    }
}
