/// What filters and ordering need to know of an item, read from its bytes without decoding the rest.
///
/// A copy costs one reference, however much was read.
public struct ItemMetadata: Sendable, Hashable {
    /// An owner reference.
    public struct Owner: Sendable, Hashable {
        /// The owner's `apiVersion`.
        public let apiVersion: String
        /// The owner's kind.
        public let kind: String
        /// The owner's name.
        public let name: String
        /// The owner's uid.
        public let uid: String
        /// Whether the owner is the managing controller.
        public let isController: Bool
    }

    /// The object's `apiVersion`; empty where the text has none, as in the items of a typed list.
    public var apiVersion: String { contents.fields.apiVersion }
    /// The object's kind; empty as `apiVersion`.
    public var kind: String { contents.fields.kind }
    /// `metadata.name`
    public var name: String { contents.fields.name }
    /// `metadata.namespace`; nil when absent or empty.
    public var namespace: String? { contents.fields.namespace }
    /// `metadata.uid`; empty when absent.
    public var uid: String { contents.fields.uid }
    /// `metadata.resourceVersion`; empty when absent.
    public var resourceVersion: String { contents.fields.resourceVersion }
    /// `metadata.labels`
    public var labels: [String: String] { contents.fields.labels }
    /// `metadata.annotations`
    public var annotations: [String: String] { contents.fields.annotations }
    /// `metadata.ownerReferences`
    public var owners: [Owner] { contents.fields.owners }
    /// Whether the object is being deleted.
    public var isTerminating: Bool { contents.fields.isTerminating }

    private let contents: Contents

    /// Reads the metadata of an object's JSON text and skips everything else.
    ///
    /// - Throws: ``JSONError`` when the text is not an object, or what was looked at is not JSON.
    public init(scanning bytes: [UInt8]) throws(JSONError) {
        let fields = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            var scanner = JSONScanner(buffer)
            let fields = try Fields(&scanner)
            try scanner.expectEnd()
            return fields
        }
        contents = Contents(fields)
    }

    /// Reads the metadata of a text that a stranger wrote, and checks that all the rest of it is JSON too.
    ///
    /// - Throws: ``JSONError`` when the text is not a JSON object.
    public init(checking bytes: [UInt8]) throws(JSONError) {
        try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            var scanner = JSONScanner(buffer)
            try JSONValue.check(&scanner)
            try scanner.expectEnd()
        }
        try self.init(scanning: bytes)
    }

    /// Whether all that was read is the same.
    public static func == (left: ItemMetadata, right: ItemMetadata) -> Bool {
        left.contents === right.contents || left.contents.fields == right.contents.fields
    }

    /// Hashes all that was read.
    public func hash(into hasher: inout Hasher) { hasher.combine(contents.fields) }

    private final class Contents: Sendable {
        let fields: Fields

        init(_ fields: Fields) { self.fields = fields }
    }
}

private struct Fields: Sendable, Hashable {
    var apiVersion = ""
    var kind = ""
    var name = ""
    var namespace: String?
    var uid = ""
    var resourceVersion = ""
    var labels: [String: String] = [:]
    var annotations: [String: String] = [:]
    var owners: [ItemMetadata.Owner] = []
    var isTerminating = false

    private init() {}

    init(_ scanner: inout JSONScanner) throws(JSONError) {
        var fields = Fields()
        try scanner.forEachMember { (scanner, key) throws(JSONError) in
            if scanner.matches(key, "apiVersion") {
                fields.apiVersion = try scanner.stringOrSkip()
            } else if scanner.matches(key, "kind") {
                fields.kind = try scanner.stringOrSkip()
            } else if scanner.matches(key, "metadata") {
                // Of a member that stands twice the last counts, as for whoever decodes the item.
                let (apiVersion, kind) = (fields.apiVersion, fields.kind)
                fields = Fields()
                (fields.apiVersion, fields.kind) = (apiVersion, kind)
                if try scanner.peek() == UInt8(ascii: "{") {
                    try fields.readMetadata(&scanner)
                } else {
                    try scanner.skipValue()
                }
            } else {
                try scanner.skipValue()
            }
            return true
        }
        self = fields
    }

    private mutating func readMetadata(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.forEachMember { (scanner, key) throws(JSONError) in
            if scanner.matches(key, "name") {
                name = try scanner.stringOrSkip()
            } else if scanner.matches(key, "namespace") {
                let text = try scanner.stringOrSkip()
                namespace = text.isEmpty ? nil : text
            } else if scanner.matches(key, "uid") {
                uid = try scanner.stringOrSkip()
            } else if scanner.matches(key, "resourceVersion") {
                resourceVersion = try scanner.stringOrSkip()
            } else if scanner.matches(key, "labels") {
                labels = try scanner.stringMapOrSkip()
            } else if scanner.matches(key, "annotations") {
                annotations = try scanner.stringMapOrSkip()
            } else if scanner.matches(key, "ownerReferences") {
                let value = try JSONValue.value(&scanner, depth: 0)
                owners = value.array?.compactMap(ItemMetadata.Owner.init) ?? []
            } else if scanner.matches(key, "deletionTimestamp") {
                isTerminating = try !scanner.stringOrSkip().isEmpty
            } else {
                try scanner.skipValue()
            }
            return true
        }
    }
}

extension ItemMetadata.Owner {
    /// Reads one element of `ownerReferences`; nil if it is not an object.
    public init?(_ value: JSONValue) {
        guard value.object != nil else { return nil }
        apiVersion = value["apiVersion"]?.string ?? ""
        kind = value["kind"]?.string ?? ""
        name = value["name"]?.string ?? ""
        uid = value["uid"]?.string ?? ""
        isController = value["controller"]?.bool ?? false
    }
}

extension JSONScanner {
    /// Consumes a value and gives its text if it is a string, or nothing.
    fileprivate mutating func stringOrSkip() throws(JSONError) -> String {
        guard try peek() == UInt8(ascii: "\"") else {
            try skipValue()
            return ""
        }
        return try decodedString()
    }

    /// Consumes a value and gives its string members if it is an object.
    fileprivate mutating func stringMapOrSkip() throws(JSONError) -> [String: String] {
        guard try peek() == UInt8(ascii: "{") else {
            try skipValue()
            return [:]
        }
        var map: [String: String] = [:]
        try forEachMember { (scanner, key) throws(JSONError) in
            let name = try scanner.decode(key)
            if try scanner.peek() == UInt8(ascii: "\"") {
                map[name] = try scanner.decodedString()
            } else {
                map[name] = nil
                try scanner.skipValue()
            }
            return true
        }
        return map
    }
}
