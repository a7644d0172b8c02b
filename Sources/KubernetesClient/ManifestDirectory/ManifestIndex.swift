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

    /// An object's place, and what is told of it without reading it again.
    struct Entry: Sendable {
        var place: ManifestPlace
        var stamp: DirectoryTree.Stamp
        let groupVersion: GroupVersion
        let kind: String
    }

    private(set) var entries: [ItemIdentity: Entry] = [:]
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
        // Definitions come first, so that a custom resource in an earlier file finds its own.
        var files: [(path: String, stamp: DirectoryTree.Stamp, places: [(JSONValue, ManifestPlace)])] = []
        for path in walk.files {
            guard let (file, stamp) = read(path, tree) else { continue }
            var heads: [(JSONValue, ManifestPlace)] = []
            for object in file.objects {
                if object.value["kind"] == "CustomResourceDefinition" { define(object.value) }
                heads.append((Self.head(of: object.value), object.place))
            }
            files.append((path, stamp, heads))
        }
        for file in files {
            for (head, place) in file.places { add(head, place, file.stamp) }
        }
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
    private static func head(of value: JSONValue) -> JSONValue {
        var metadata: JSONValue = ["name": value[path: "metadata", "name"] ?? ""]
        if let namespace = value[path: "metadata", "namespace"] { metadata["namespace"] = namespace }
        return ["apiVersion": value["apiVersion"] ?? "", "kind": value["kind"] ?? "", "metadata": metadata]
    }

    /// The resource of an object: built in, defined in the directory, or guessed.
    func resource(of object: KubernetesObject) -> APIResource {
        let groupVersion = GroupVersion(apiVersion: object.apiVersion)
        let known = Self.builtIn[object.kind] ?? []
        if let exact = known.first(where: { $0.groupVersion == groupVersion }) { return exact }
        let defined = (byKind[object.kind] ?? []).filter { $0.groupVersion.group == groupVersion.group }
        // Another version of a known kind has the same names.
        if let near = defined.first(where: { $0.groupVersion == groupVersion })
            ?? defined.first ?? known.first(where: { $0.groupVersion.group == groupVersion.group })
        {
            return APIResource(
                groupVersion: groupVersion, plural: near.plural, singular: near.singular, kind: near.kind,
                isNamespaced: near.isNamespaced, verbs: near.verbs, shortNames: near.shortNames,
                categories: near.categories)
        }
        return .guess(groupVersion, kind: object.kind, isNamespaced: object.namespace != nil)
    }

    private static let builtIn = Dictionary(
        grouping: BuiltInResources.current + BuiltInResources.past, by: \.kind)

    private func identity(of object: KubernetesObject, _ resource: APIResource) -> ItemIdentity {
        // A namespaced object without a namespace is kubectl's `default`.
        let namespace = resource.isNamespaced ? object.namespace ?? "default" : nil
        return ItemIdentity(resource: resource.groupResource, namespace: namespace, name: object.name)
    }

    private mutating func define(_ definition: JSONValue) {
        let resources = APIResource.defined(by: definition)
        guard let first = resources.first else { return }
        let name = ItemIdentity(
            resource: .customResourceDefinitions, namespace: nil, name: first.groupResource.description)
        definitions[name] = resources
        byKind[first.kind, default: []].removeAll { $0.groupResource == first.groupResource }
        byKind[first.kind, default: []] += resources
    }

    private mutating func add(_ head: JSONValue, _ place: ManifestPlace, _ stamp: DirectoryTree.Stamp) {
        let object = KubernetesObject(head)
        let resource = resource(of: object)
        let identity = identity(of: object, resource)
        if let first = entries[identity] {
            let reason = "\(identity) stands in \(first.place.path) too, and that one counts"
            problems.append(ManifestProblem(path: place.path, line: place.line, reason: reason, severity: .failed))
            return
        }
        entries[identity] = Entry(place: place, stamp: stamp, groupVersion: resource.groupVersion, kind: resource.kind)
        note(resource)
    }

    private mutating func note(_ resource: APIResource) {
        let isDefined = (byKind[resource.kind] ?? []).contains { $0.groupResource == resource.groupResource }
        let isCurrent = BuiltInResources.current.contains {
            $0.groupVersion == resource.groupVersion && $0.kind == resource.kind
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

    /// The objects of a resource, at any version, ordered by namespace and name.
    func identities(of resource: GroupResource, namespace: String?) -> [ItemIdentity] {
        entries.keys.filter { $0.resource == resource && (namespace == nil || $0.namespace == namespace) }.sorted()
    }

    /// Records a written object.
    mutating func record(
        _ identity: ItemIdentity, _ object: KubernetesObject, _ place: ManifestPlace, _ stamp: DirectoryTree.Stamp
    ) {
        forget(identity)
        if object.kind == "CustomResourceDefinition" { define(object.value) }
        let groupVersion = GroupVersion(apiVersion: object.apiVersion)
        entries[identity] = Entry(place: place, stamp: stamp, groupVersion: groupVersion, kind: object.kind)
        note(
            APIResource(
                groupVersion: groupVersion, plural: identity.resource.resource, singular: object.kind.lowercased(),
                kind: object.kind, isNamespaced: identity.namespace != nil, verbs: BuiltInResources.verbs))
    }

    /// Records that an object is gone.
    mutating func forget(_ identity: ItemIdentity) {
        entries[identity] = nil
        if let defined = definitions.removeValue(forKey: identity), let first = defined.first {
            byKind[first.kind]?.removeAll { $0.groupResource == first.groupResource }
        }
    }

    /// Records that a file has lost the bytes of one document.
    mutating func shift(_ path: String, removing range: Range<Int>, stamp: DirectoryTree.Stamp) {
        for (identity, entry) in entries where entry.place.path == path {
            var entry = entry
            let place = entry.place
            let offset = place.range.lowerBound >= range.upperBound ? range.count : 0
            entry.place = ManifestPlace(
                path: path, range: (place.range.lowerBound - offset)..<(place.range.upperBound - offset),
                line: place.line, listIndex: place.listIndex, neighbours: place.neighbours - 1)
            entry.stamp = stamp
            entries[identity] = entry
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
