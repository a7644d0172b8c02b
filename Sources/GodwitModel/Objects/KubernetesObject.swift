/// A Kubernetes object as a tree that can be changed.
public struct KubernetesObject: Sendable, Hashable {
    /// The whole object.
    public var value: JSONValue

    /// Wraps a tree; anything but a JSON object reads as an object without content.
    public init(_ value: JSONValue) { self.value = value }

    /// Decodes an object's JSON text.
    ///
    /// - Throws: ``JSONError`` when the text is not a JSON object.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        value = try JSONValue(parsing: bytes)
        guard value.object != nil else { throw JSONError("not an object", at: 0) }
    }

    /// The object's JSON text, members sorted.
    public func serialized() -> [UInt8] { value.serialized() }

    /// A top-level member.
    public subscript(key: String) -> JSONValue? {
        get { value[key] }
        set { value[key] = newValue }
    }

    /// A value inside the object, by member names; see ``JSONValue/subscript(path:)-(String...)``.
    public subscript(path path: String...) -> JSONValue? {
        get { value[path: path[...]] }
        set { value[path: path[...]] = newValue }
    }

    /// `apiVersion`; empty when absent.
    public var apiVersion: String { value["apiVersion"]?.string ?? "" }

    /// `kind`; empty when absent.
    public var kind: String { value["kind"]?.string ?? "" }

    /// `metadata.name`; empty when absent.
    public var name: String {
        get { value[path: "metadata", "name"]?.string ?? "" }
        set { value[path: "metadata", "name"] = .string(newValue) }
    }

    /// `metadata.namespace`; nil when absent or empty. Setting nil removes it.
    public var namespace: String? {
        get { value[path: "metadata", "namespace"]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        set { value[path: "metadata", "namespace"] = newValue.map { .string($0) } }
    }

    /// `metadata.labels`; members that are not strings are left out. Setting an empty map removes it.
    public var labels: [String: String] {
        get { stringMap("labels") }
        set { setStringMap("labels", newValue) }
    }

    /// `metadata.annotations`, as ``labels``.
    public var annotations: [String: String] {
        get { stringMap("annotations") }
        set { setStringMap("annotations", newValue) }
    }

    /// Whether somebody has deleted the object, and others are not done with it: `metadata.deletionTimestamp` is set.
    public var isTerminating: Bool { value[path: "metadata", "deletionTimestamp"]?.string.map { !$0.isEmpty } ?? false }

    /// `metadata.ownerReferences`
    public var owners: [ItemMetadata.Owner] {
        value[path: "metadata", "ownerReferences"]?.array?.compactMap(ItemMetadata.Owner.init) ?? []
    }

    private func stringMap(_ key: String) -> [String: String] {
        value[path: "metadata", key]?.object?.compactMapValues(\.string) ?? [:]
    }

    private mutating func setStringMap(_ key: String, _ map: [String: String]) {
        value[path: "metadata", key] = map.isEmpty ? nil : .object(map.mapValues { .string($0) })
    }
}
