/// What filters and ordering need to know of an item, read from its bytes without decoding the rest.
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
    public internal(set) var apiVersion = ""
    /// The object's kind; empty as `apiVersion`.
    public internal(set) var kind = ""
    /// `metadata.name`
    public internal(set) var name = ""
    /// `metadata.namespace`; nil when absent or empty.
    public internal(set) var namespace: String?
    /// `metadata.uid`; empty when absent.
    public internal(set) var uid = ""
    /// `metadata.resourceVersion`; empty when absent.
    public internal(set) var resourceVersion = ""
    /// `metadata.labels`
    public internal(set) var labels: [String: String] = [:]
    /// `metadata.annotations`
    public internal(set) var annotations: [String: String] = [:]
    /// `metadata.ownerReferences`
    public internal(set) var owners: [Owner] = []
    /// Whether the object is being deleted.
    public internal(set) var isTerminating = false

    /// Reads the metadata of an object's JSON text and skips everything else.
    ///
    /// - Throws: ``JSONError`` when the text is not an object, or what was looked at is not JSON.
    public init(scanning bytes: [UInt8]) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            var scanner = JSONScanner(buffer)
            let metadata = try ItemMetadata(&scanner)
            try scanner.expectEnd()
            return metadata
        }
    }

    private init(_ scanner: inout JSONScanner) throws(JSONError) {
        var metadata = ItemMetadata()
        try scanner.forEachMember { (scanner, key) throws(JSONError) in
            if scanner.matches(key, "apiVersion") {
                metadata.apiVersion = try scanner.stringOrSkip()
            } else if scanner.matches(key, "kind") {
                metadata.kind = try scanner.stringOrSkip()
            } else if scanner.matches(key, "metadata") {
                // Of a member that stands twice the last counts, as for whoever decodes the item.
                let (apiVersion, kind) = (metadata.apiVersion, metadata.kind)
                metadata = ItemMetadata()
                (metadata.apiVersion, metadata.kind) = (apiVersion, kind)
                if try scanner.peek() == UInt8(ascii: "{") {
                    try metadata.readMetadata(&scanner)
                } else {
                    try scanner.skipValue()
                }
            } else {
                try scanner.skipValue()
            }
            return true
        }
        self = metadata
    }

    private init() {}

    private mutating func readMetadata(_ scanner: inout JSONScanner) throws(JSONError) {
        var metadata = self
        try scanner.forEachMember { (scanner, key) throws(JSONError) in
            if scanner.matches(key, "name") {
                metadata.name = try scanner.stringOrSkip()
            } else if scanner.matches(key, "namespace") {
                let namespace = try scanner.stringOrSkip()
                metadata.namespace = namespace.isEmpty ? nil : namespace
            } else if scanner.matches(key, "uid") {
                metadata.uid = try scanner.stringOrSkip()
            } else if scanner.matches(key, "resourceVersion") {
                metadata.resourceVersion = try scanner.stringOrSkip()
            } else if scanner.matches(key, "labels") {
                metadata.labels = try scanner.stringMapOrSkip()
            } else if scanner.matches(key, "annotations") {
                metadata.annotations = try scanner.stringMapOrSkip()
            } else if scanner.matches(key, "ownerReferences") {
                let value = try JSONValue.value(&scanner, depth: 0)
                metadata.owners = value.array?.compactMap(Owner.init) ?? []
            } else if scanner.matches(key, "deletionTimestamp") {
                metadata.isTerminating = try !scanner.stringOrSkip().isEmpty
            } else {
                try scanner.skipValue()
            }
            return true
        }
        self = metadata
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
