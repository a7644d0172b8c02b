public import GodwitModel
import Streams

/// A directory of manifests as a cluster: `dir:PATH`.
///
/// Reading: YAML and JSON files at any depth, several documents a file, lists; hidden files and links that lead out
/// are passed over, see ``problems()``. What a manifest says is all there is: no defaults, no uid, no resource version.
///
/// Writing: one file an object, `<namespace or _cluster>/<plural.group>/<name>.yaml`, keys sorted, so that a version
/// control shows what changed. An object that stands alone in a file is rewritten there. One that shares its file
/// gets a file of its own and its old document is cut out. Files appear whole or not at all; they are not forced to
/// disk one by one.
///
/// One process writes at a time; a file that someone else changed meanwhile is an error, not overwritten.
public final class ManifestDirectory: Cluster {
    /// The directory as it was given.
    public let path: String
    private let store: ManifestStore

    /// Names a directory; nothing is read yet.
    ///
    /// - Parameters:
    ///   - creating: whether a directory that is missing is made, as for a restore's target.
    ///   - missingIsEmpty: whether a directory that is missing counts as an empty one and is not made, as for a dry run.
    public init(path: String, creating: Bool = false, missingIsEmpty: Bool = false) {
        self.path = path
        let missing: DirectoryTree.Missing = creating ? .isMade : missingIsEmpty ? .isEmpty : .isAnError
        store = ManifestStore(path: path, missing: missing, limits: ManifestIndex.Limits())
    }

    /// What in the directory is not an object, and why.
    ///
    /// - Throws: ``ClusterError`` when the directory cannot be read at all.
    public func problems() async throws -> [ManifestProblem] { try await store.problems() }

    /// `dir:PATH`
    public var description: String { "dir:\(path)" }

    /// A dry run checks everything and writes nothing; nobody acts on the objects.
    public var capabilities: ClusterCapabilities { ClusterCapabilities(dryRun: true, controlPlane: false) }

    /// A directory has no version of its own.
    public func version() async throws -> ServerVersion {
        ServerVersion(major: "", minor: "", gitVersion: "manifests")
    }

    /// Kubernetes' own resources, those that CustomResourceDefinitions in the directory describe, and for other
    /// custom resources a guess. Files that could not be read are reported as failed groups named `manifest/<file>`.
    public func discover() async throws -> APIResourceCatalog { try await store.catalog() }

    /// Streams the objects of a resource, at whatever version they stand in the directory.
    public func list(_ resource: APIResource, namespace: String?, options: ListOptions) -> ItemStream {
        let listing = Listing(
            store: store, resource: resource.groupResource, namespace: namespace, options: options,
            cluster: description)
        return ItemStream { try await listing.next() }
    }

    /// Reads one object; nil when it does not exist.
    public func get(_ resource: APIResource, namespace: String?, name: String) async throws -> Item? {
        try await store.item(identity(resource, namespace, name))
    }

    /// Writes an object into a file of its own.
    public func create(
        _ resource: APIResource, namespace: String?, object: [UInt8], options: WriteOptions
    ) async throws -> Item {
        let place = namespace.map { "\($0)/" } ?? ""
        let new = try checked(object, resource, namespace, "create \(resource.groupResource)/\(place)")
        return try await store.create(
            identity(resource, namespace, new.name), new, isDryRun: options.isDryRun)
    }

    /// Replaces an object. Of a subresource only `status` is known.
    public func update(
        _ resource: APIResource, namespace: String?, name: String, object: [UInt8], subresource: String?,
        options: WriteOptions
    ) async throws -> Item {
        let identity = identity(resource, namespace, name)
        let operation = "update \(identity)"
        let new = try checked(object, resource, namespace, operation)
        guard new.name == name else { throw error(.invalid, operation, "metadata.name is '\(new.name)'") }
        guard subresource == nil || subresource == "status" else {
            throw error(.unsupported, operation, "a directory has no subresource '\(subresource ?? "")'")
        }
        let cluster = description
        return try await store.replace(identity, operation: operation, isDryRun: options.isDryRun) { old in
            let expected = new[path: "metadata", "resourceVersion"]?.string ?? ""
            let stored = old[path: "metadata", "resourceVersion"]?.string ?? expected
            guard expected.isEmpty || expected == stored else {
                throw ClusterError(.conflict, operation: operation, cluster: cluster, reason: "the object has changed")
            }
            guard subresource == "status" else { return new }
            var changed = old
            changed["status"] = new["status"]
            return changed
        }
    }

    /// Patches an object. Server-side apply merges as a strategic merge patch does (as a merge patch for custom
    /// resources), and creates the object when it is missing.
    public func patch(
        _ resource: APIResource, namespace: String?, name: String, patch: Patch, subresource: String?,
        options: WriteOptions
    ) async throws -> Item {
        let identity = identity(resource, namespace, name)
        let operation = "patch \(identity)"
        guard subresource == nil || subresource == "status" else {
            throw error(.unsupported, operation, "a directory has no subresource '\(subresource ?? "")'")
        }
        let change: ManifestPatch
        do {
            change = try ManifestPatch(patch, kind: resource.kind)
        } catch {
            throw self.error(.invalid, operation, "\(error)")
        }
        let exists = try await store.item(identity) != nil
        if patch.kind == .apply, !exists {
            return try await create(
                resource, namespace: namespace, object: change.document.serialized(), options: options)
        }
        let cluster = description
        return try await store.replace(identity, operation: operation, isDryRun: options.isDryRun) { old in
            do {
                let new = KubernetesObject(try change.apply(to: old.value))
                guard new.name == old.name, new.namespace == old.namespace, new.kind == old.kind else {
                    throw ClusterError(
                        .invalid, operation: operation, cluster: cluster, reason: "the patch changes what identifies it"
                    )
                }
                return new
            } catch let error as any AdvisedError where !(error is ClusterError) {
                throw ClusterError(.invalid, operation: operation, cluster: cluster, reason: error.description)
            }
        }
    }

    /// Removes an object's file, or its document from a file that it shares.
    public func delete(
        _ resource: APIResource, namespace: String?, name: String, options: DeleteOptions
    ) async throws {
        let identity = identity(resource, namespace, name)
        let operation = "delete \(identity)"
        let cluster = description
        try await store.remove(identity, operation: operation, isDryRun: options.isDryRun) { @Sendable old in
            let facts = [("uid", options.uid), ("resourceVersion", options.resourceVersion)]
            for (field, expected) in facts {
                guard let expected, let stored = old[path: "metadata", field]?.string, stored != expected else {
                    continue
                }
                throw ClusterError(
                    .conflict, operation: operation, cluster: cluster, reason: "its \(field) is another")
            }
        }
    }

    /// A directory cannot be watched.
    public func watch(_ resource: APIResource, namespace: String?, options: WatchOptions) -> WatchStream {
        let failure = error(
            .unsupported, "watch \(resource.groupResource)", "a directory of manifests cannot be watched")
        return WatchStream { throw failure }
    }

    private func error(_ kind: ClusterError.Kind, _ operation: String, _ reason: String? = nil) -> ClusterError {
        ClusterError(kind, operation: operation, cluster: description, reason: reason)
    }

    private func identity(_ resource: APIResource, _ namespace: String?, _ name: String) -> ItemIdentity {
        ItemIdentity(
            resource: resource.groupResource, namespace: resource.isNamespaced ? namespace ?? "default" : nil,
            name: name)
    }

    /// Decodes an object that is to be written and checks what identifies it.
    private func checked(
        _ bytes: [UInt8], _ resource: APIResource, _ namespace: String?, _ operation: String
    ) throws -> KubernetesObject {
        var object: KubernetesObject
        do {
            object = try KubernetesObject(parsing: bytes)
        } catch {
            throw self.error(.invalid, operation, error.description)
        }
        guard object.kind == resource.kind, !object.apiVersion.isEmpty else {
            throw error(.invalid, operation, "apiVersion and kind are not those of a \(resource.kind)")
        }
        if object.name.isEmpty, let prefix = object[path: "metadata", "generateName"]?.string {
            let letters = Array("bcdfghjklmnpqrstvwxz2456789")
            object.name = prefix + String((0..<5).map { _ in letters.randomElement() ?? "x" })
        }
        guard !object.name.isEmpty, object.name.utf8.count <= 253, object.name != ".", object.name != "..",
            !object.name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 || $0 == UInt8(ascii: "%") })
        else { throw error(.invalid, operation, "metadata.name is missing, or cannot be a name") }
        guard resource.isNamespaced else {
            object.namespace = nil
            return object
        }
        let expected = namespace ?? "default"
        guard object.namespace == nil || object.namespace == expected else {
            throw error(.invalid, operation, "metadata.namespace is not '\(expected)'")
        }
        if let problem = NameValidation.problem(withLabel: expected) {
            throw error(.invalid, operation, "'\(expected)' is not a namespace: \(problem)")
        }
        object.namespace = expected
        return object
    }
}

/// One pass over the objects of a resource.
private actor Listing {
    private let store: ManifestStore
    private let resource: GroupResource
    private let namespace: String?
    private let options: ListOptions
    private let cluster: String
    private var rest: ArraySlice<Int>?

    init(store: ManifestStore, resource: GroupResource, namespace: String?, options: ListOptions, cluster: String) {
        self.store = store
        self.resource = resource
        self.namespace = namespace
        self.options = options
        self.cluster = cluster
    }

    func next() async throws -> [Item]? {
        try Task.checkCancellation()
        var rest = try await begin()
        guard !rest.isEmpty else { return nil }
        let page = rest.prefix(max(1, min(options.pageSize, 100)))
        rest = rest.dropFirst(page.count)
        self.rest = rest
        return try await store.items(Array(page), matching: options.labelSelector)
    }

    private func begin() async throws -> ArraySlice<Int> {
        if let rest { return rest }
        let filter: FieldFilter
        do {
            filter = try FieldFilter(options.fieldSelector)
        } catch {
            throw ClusterError(
                .unsupported, operation: "list \(resource)", cluster: cluster,
                reason: "a directory selects by metadata.name and metadata.namespace only")
        }
        let numbers =
            filter.isEmpty
            ? try await store.numbers(of: resource, namespace: namespace)
            : try await store.numbers(of: resource, namespace: namespace) { filter.matches($0) }
        return numbers[...]
    }
}

/// A field selector of the fields that every resource has.
private struct FieldFilter: Sendable {
    struct Unsupported: Error {}

    var isEmpty: Bool { conditions.isEmpty }

    private var conditions: [(field: String, value: String, isEqual: Bool)] = []

    init(_ text: String?) throws(Unsupported) {
        for term in (text ?? "").split(separator: ",") {
            let isEqual = !term.contains("!=")
            let parts = term.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: true)
            guard let left = parts.first, parts.count <= 2 else { throw Unsupported() }
            let field = left.hasSuffix("!") ? String(left.dropLast()) : String(left)
            guard field == "metadata.name" || field == "metadata.namespace" else { throw Unsupported() }
            conditions.append((field, parts.count == 2 ? String(parts[1]) : "", isEqual))
        }
    }

    func matches(_ identity: ItemIdentity) -> Bool {
        conditions.allSatisfy { condition in
            let value = condition.field == "metadata.name" ? identity.name : identity.namespace ?? ""
            return (value == condition.value) == condition.isEqual
        }
    }
}
