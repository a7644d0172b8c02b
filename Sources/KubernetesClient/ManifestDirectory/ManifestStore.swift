import Glibc
import GodwitModel
import Streams

/// Reads and writes a directory of manifests, one call at a time, on a thread of its own.
actor ManifestStore {
    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let path: String
    private let missing: DirectoryTree.Missing
    private let limits: ManifestIndex.Limits
    private var opened: (tree: DirectoryTree, index: ManifestIndex)?
    /// The file that was parsed last, because the objects of a list are read one after the other.
    private var lastFile: (path: String, stamp: DirectoryTree.Stamp, values: [JSONValue])?

    init(path: String, missing: DirectoryTree.Missing, limits: ManifestIndex.Limits) {
        self.path = path
        self.missing = missing
        self.limits = limits
        executor = ThreadExecutor(name: "manifests")
    }

    private func error(_ kind: ClusterError.Kind, _ operation: String, _ reason: String? = nil) -> ClusterError {
        ClusterError(kind, operation: operation, cluster: "dir:\(path)", reason: reason)
    }

    private func open() throws -> (tree: DirectoryTree, index: ManifestIndex) {
        if let opened { return opened }
        do {
            let tree = try DirectoryTree(path: path, missing: missing)
            let opened = (tree: tree, index: ManifestIndex(scanning: tree, limits: limits))
            self.opened = opened
            return opened
        } catch {
            throw self.error(.manifest, "open the directory", error.reason)
        }
    }

    func catalog() throws -> APIResourceCatalog { try open().index.catalog }

    func problems() throws -> [ManifestProblem] { try open().index.problems }

    /// The numbers of a resource's objects in their order, for ``items(_:matching:)``.
    func numbers(
        of resource: GroupResource, namespace: String?, where matches: (@Sendable (ItemIdentity) -> Bool)? = nil
    ) throws -> [Int] {
        let index = try open().index
        let numbers = index.numbers(of: resource, namespace: namespace)
        guard let matches else { return numbers }
        return numbers.filter { matches(index.identity(numbered: $0)) }
    }

    /// Reads some objects; one that has gone meanwhile is left out.
    func items(_ numbers: [Int], matching selector: LabelSelector?) throws -> [Item] {
        var items: [Item] = []
        for number in numbers {
            try Task.checkCancellation()
            let identity = try open().index.identity(numbered: number)
            guard let object = try object(identity) else { continue }
            if let selector, !selector.matches(object.labels) { continue }
            items.append(try item(object, identity))
        }
        return items
    }

    func item(_ identity: ItemIdentity) throws -> Item? { try object(identity).map { try item($0, identity) } }

    private func item(_ object: KubernetesObject, _ identity: ItemIdentity) throws -> Item {
        let bytes = object.serialized()
        do {
            return Item(bytes: bytes, metadata: try ItemMetadata(scanning: bytes), resource: identity.resource)
        } catch {
            throw self.error(.manifest, "read \(identity)", error.description)
        }
    }

    private func entry(of identity: ItemIdentity) throws -> ManifestIndex.Entry? {
        try open().index.entry(of: identity)
    }

    private func object(_ identity: ItemIdentity) throws -> KubernetesObject? {
        guard let entry = try entry(of: identity) else { return nil }
        var value = try value(of: entry, identity)
        // The namespace that an object gets by default stands in what a cluster answers.
        if let namespace = identity.namespace, value[path: "metadata", "namespace"] == nil {
            value[path: "metadata", "namespace"] = .string(namespace)
        }
        return KubernetesObject(value)
    }

    private func value(of entry: ManifestIndex.Entry, _ identity: ItemIdentity) throws -> JSONValue {
        let place = entry.place
        do {
            if let index = place.listIndex {
                let values = try values(of: entry)
                guard index < values.count else {
                    throw error(.manifest, "read \(identity)", "the list is shorter now")
                }
                return values[index]
            }
            let (bytes, stamp) = try open().tree.read(place.path, range: place.range, limit: limits.fileSize)
            try check(stamp, entry, "read \(identity)")
            let document = YAMLDocument(range: 0..<bytes.count, line: place.line)
            guard let value = try ManifestFile.parse(path: place.path, bytes, document) else {
                throw error(.manifest, "read \(identity)", "\(place.path) is empty now")
            }
            return value
        } catch let fault as DirectoryTree.Fault {
            throw error(.manifest, "read \(identity)", fault.reason)
        } catch let fault as KubernetesYAML.Fault {
            throw error(.manifest, "read \(identity)", "\(place.path): \(fault)")
        }
    }

    private func check(_ stamp: DirectoryTree.Stamp, _ entry: ManifestIndex.Entry, _ operation: String) throws {
        guard stamp != entry.stamp else { return }
        throw error(.manifest, operation, "\(entry.place.path) was changed by someone else meanwhile; start again")
    }

    /// The elements of the list document that an entry stands in.
    private func values(of entry: ManifestIndex.Entry) throws -> [JSONValue] {
        let key = "\(entry.place.path):\(entry.place.range.lowerBound)"
        if let lastFile, lastFile.path == key, lastFile.stamp == entry.stamp { return lastFile.values }
        let place = entry.place
        let (bytes, stamp) = try open().tree.read(place.path, range: place.range, limit: limits.fileSize)
        try check(stamp, entry, "read \(place.path)")
        let document = YAMLDocument(range: 0..<bytes.count, line: place.line)
        let value = try ManifestFile.parse(path: place.path, bytes, document)
        let values = value.flatMap(ManifestFile.elements) ?? []
        lastFile = (key, stamp, values)
        return values
    }
}

// MARK: Writing

extension ManifestStore {
    func create(_ identity: ItemIdentity, _ object: KubernetesObject, isDryRun: Bool) throws -> Item {
        let tree = try open().tree
        let operation = "create \(identity)"
        guard try entry(of: identity) == nil else { throw error(.alreadyExists, operation) }
        if !isDryRun {
            let path = ManifestPath.path(of: identity)
            let stamp: DirectoryTree.Stamp
            let text = Self.text(object, path: path)
            do {
                stamp = try tree.write(text, to: path, replacing: false, isPrivate: object.kind == "Secret")
            } catch  where error.code == EEXIST {
                throw self.error(.manifest, operation, "\(path) is there already and holds something else")
            } catch {
                throw self.error(.manifest, operation, error.reason)
            }
            record(identity, object, path, text.count, stamp)
        }
        return try item(object, identity)
    }

    /// Writes a new state of an object that exists.
    ///
    /// - Parameter change: makes the new state of the old one.
    func replace(
        _ identity: ItemIdentity, operation: String, isDryRun: Bool,
        _ change: @Sendable (KubernetesObject) throws -> KubernetesObject
    ) throws -> Item {
        guard let old = try object(identity), let entry = try entry(of: identity) else {
            throw error(.notFound, operation)
        }
        let new = try change(old)
        let item = try item(new, identity)
        if isDryRun || new == old { return item }
        let tree = try open().tree
        do {
            if entry.place.neighbours == 0 && entry.place.listIndex == nil {
                try write(new, identity, to: entry.place.path, tree, entry, operation)
            } else {
                try moveOut(new, identity, tree, entry, operation)
            }
        } catch let fault as DirectoryTree.Fault {
            throw error(.manifest, operation, fault.reason)
        }
        return item
    }

    func remove(
        _ identity: ItemIdentity, operation: String, isDryRun: Bool, _ check: (KubernetesObject) throws -> Void
    ) throws {
        guard let old = try object(identity), let entry = try entry(of: identity) else {
            throw error(.notFound, operation)
        }
        try check(old)
        let tree = try open().tree
        if entry.place.neighbours > 0 { try checkRemovable(entry, operation) }
        if isDryRun { return }
        do {
            if entry.place.neighbours > 0 {
                try cut(entry, from: tree, operation)
            } else {
                try self.check(tree.stamp(of: entry.place.path) ?? entry.stamp, entry, operation)
                try tree.remove(entry.place.path)
            }
        } catch let fault as DirectoryTree.Fault {
            throw error(.manifest, operation, fault.reason)
        }
        opened?.index.forget(identity)
    }

    /// The text of an object's file: YAML with sorted keys, or JSON where the file's name says so.
    private static func text(_ object: KubernetesObject, path: String) -> [UInt8] {
        if ManifestFile.isJSON(path) { return Array((object.value.prettyPrinted() + "\n").utf8) }
        return Array(KubernetesYAML.serialize(object.value).utf8)
    }

    private func write(
        _ object: KubernetesObject, _ identity: ItemIdentity, to path: String, _ tree: DirectoryTree,
        _ entry: ManifestIndex.Entry, _ operation: String
    ) throws {
        try check(tree.stamp(of: path) ?? entry.stamp, entry, operation)
        let text = Self.text(object, path: path)
        let stamp = try tree.write(text, to: path, replacing: true, isPrivate: object.kind == "Secret")
        record(identity, object, path, text.count, stamp)
    }

    /// Writes an object that shares its file with others into a file of its own, and cuts it out of the old one.
    private func moveOut(
        _ object: KubernetesObject, _ identity: ItemIdentity, _ tree: DirectoryTree, _ entry: ManifestIndex.Entry,
        _ operation: String
    ) throws {
        try checkRemovable(entry, operation)
        let path = ManifestPath.path(of: identity)
        guard path != entry.place.path, tree.stamp(of: path) == nil else {
            throw error(.manifest, operation, "\(path) is there already and holds something else")
        }
        let text = Self.text(object, path: path)
        // The new file first: when the process dies in between the object stands twice, and is not lost.
        let stamp = try tree.write(text, to: path, replacing: false, isPrivate: object.kind == "Secret")
        do {
            try cut(entry, from: tree, operation)
        } catch {
            try? tree.remove(path)
            throw error
        }
        record(identity, object, path, text.count, stamp)
    }

    private func checkRemovable(_ entry: ManifestIndex.Entry, _ operation: String) throws {
        guard entry.place.listIndex == nil else {
            throw error(
                .manifest, operation,
                "it stands in a List in \(entry.place.path); write the list's objects as documents of their own first")
        }
    }

    /// Cuts an object's document out of a file and leaves every other byte as it is.
    private func cut(_ entry: ManifestIndex.Entry, from tree: DirectoryTree, _ operation: String) throws {
        let place = entry.place
        let (bytes, stamp) = try tree.read(place.path, limit: limits.fileSize)
        try check(stamp, entry, operation)
        let rest = Array(bytes[..<place.range.lowerBound] + bytes[place.range.upperBound...])
        let isPrivate = try tree.isPrivate(place.path)
        let after = try tree.write(rest, to: place.path, replacing: true, isPrivate: isPrivate)
        opened?.index.shift(place.path, removing: place.range, stamp: after)
    }

    private func record(
        _ identity: ItemIdentity, _ object: KubernetesObject, _ path: String, _ size: Int, _ stamp: DirectoryTree.Stamp
    ) {
        opened?.index.record(identity, object, .own(path: path, size: size), stamp)
    }
}
