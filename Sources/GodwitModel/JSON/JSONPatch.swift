/// A JSON patch (RFC 6902): operations that are applied in order, all or none.
public struct JSONPatch: Sendable, Hashable {
    /// One operation.
    public enum Operation: Sendable, Hashable {
        /// Sets a member, or inserts an element before an index (`-`: at the end).
        case add(JSONPointer, JSONValue)
        /// Removes what is there.
        case remove(JSONPointer)
        /// Replaces what is there.
        case replace(JSONPointer, JSONValue)
        /// Removes from one place and adds at another.
        case move(from: JSONPointer, to: JSONPointer)
        /// Adds at one place what stands at another.
        case copy(from: JSONPointer, to: JSONPointer)
        /// Fails unless this value is there; numbers are compared by value.
        case test(JSONPointer, JSONValue)
    }

    /// More operations than this are refused, as a Kubernetes API server does.
    public static let maximumOperations = 10_000
    /// Values and string bytes that the copies of one patch may add; a few copies of copies would fill any memory.
    static let maximumCopiedWeight = 4 << 20

    /// The operations in order.
    public let operations: [Operation]

    /// A patch of these operations.
    public init(_ operations: [Operation]) { self.operations = operations }

    /// Reads a patch document. Members that an operation does not know are ignored, as the RFC asks.
    ///
    /// - Throws: ``JSONPatchError`` naming the operation that is wrong.
    public init(json: JSONValue) throws(JSONPatchError) {
        guard let list = json.array else { throw JSONPatchError(.malformedPatch, "not a list of operations") }
        guard list.count <= Self.maximumOperations else {
            throw JSONPatchError(.tooLarge, "more than \(Self.maximumOperations) operations")
        }
        var operations: [Operation] = []
        operations.reserveCapacity(list.count)
        for (index, element) in list.enumerated() {
            do {
                operations.append(try Self.operation(element))
            } catch {
                throw JSONPatchError(error.kind, error.detail, operation: index)
            }
        }
        self.operations = operations
    }

    private static func operation(_ json: JSONValue) throws(JSONPatchError) -> Operation {
        guard json.object != nil else { throw JSONPatchError(.malformedPatch, "an operation is not an object") }
        guard let name = json["op"]?.string else { throw JSONPatchError(.malformedPatch, "'op' is missing") }
        func pointer(_ member: String) throws(JSONPatchError) -> JSONPointer {
            guard let text = json[member]?.string else {
                throw JSONPatchError(.malformedPatch, "'\(member)' is missing, or is not a string")
            }
            return try JSONPointer(parsing: text)
        }
        func value() throws(JSONPatchError) -> JSONValue {
            // A null is a value; only its absence is wrong.
            guard let value = json["value"] else { throw JSONPatchError(.malformedPatch, "'value' is missing") }
            return value
        }
        switch name {
        case "add": return .add(try pointer("path"), try value())
        case "remove": return .remove(try pointer("path"))
        case "replace": return .replace(try pointer("path"), try value())
        case "move": return .move(from: try pointer("from"), to: try pointer("path"))
        case "copy": return .copy(from: try pointer("from"), to: try pointer("path"))
        case "test": return .test(try pointer("path"), try value())
        default: throw JSONPatchError(.malformedPatch, "'\(name)' is not an operation")
        }
    }

    /// The patch document.
    public var json: JSONValue {
        .array(
            operations.map { operation in
                switch operation {
                case .add(let path, let value): ["op": "add", "path": .string(path.description), "value": value]
                case .remove(let path): ["op": "remove", "path": .string(path.description)]
                case .replace(let path, let value):
                    ["op": "replace", "path": .string(path.description), "value": value]
                case .move(let from, let path):
                    ["op": "move", "from": .string(from.description), "path": .string(path.description)]
                case .copy(let from, let path):
                    ["op": "copy", "from": .string(from.description), "path": .string(path.description)]
                case .test(let path, let value): ["op": "test", "path": .string(path.description), "value": value]
                }
            })
    }

    /// The document after all operations.
    ///
    /// - Throws: ``JSONPatchError`` naming the operation that does not fit; nothing is then changed.
    public func applied(to document: JSONValue) throws(JSONPatchError) -> JSONValue {
        var result = document
        var copied = 0
        for (index, operation) in operations.enumerated() {
            do {
                try Self.apply(operation, to: &result, copied: &copied)
            } catch {
                throw JSONPatchError(error.kind, error.detail, operation: index)
            }
        }
        return result
    }

    private static func apply(
        _ operation: Operation, to document: inout JSONValue, copied: inout Int
    ) throws(JSONPatchError) {
        switch operation {
        case .add(let path, let value): try add(value, at: path, to: &document)
        case .remove(let path): _ = try document.remove(at: path)
        case .replace(let path, let value):
            try checkDepth(of: value, at: path)
            try document.replace(at: path, with: value)
        case .move(let from, let path):
            guard !from.contains(path) else {
                throw JSONPatchError(.malformedPatch, "'\(from)' cannot be moved into itself")
            }
            let value = try document.value(at: from)
            if from == path { return }
            _ = try document.remove(at: from)
            try add(value, at: path, to: &document)
        case .copy(let from, let path):
            let value = try document.value(at: from)
            guard value.weigh(into: &copied, limit: maximumCopiedWeight) else {
                throw JSONPatchError(.tooLarge, "the copies are too large")
            }
            try add(value, at: path, to: &document)
        case .test(let path, let value):
            guard try document.value(at: path).isSameJSON(as: value) else {
                throw JSONPatchError(.testFailed, "the value at '\(path)' is another")
            }
        }
    }

    private static func add(
        _ value: JSONValue, at path: JSONPointer, to document: inout JSONValue
    ) throws(JSONPatchError) {
        try checkDepth(of: value, at: path)
        try document.add(value, at: path)
    }

    /// Copies of copies nest twice as deep each time, deeper than any stack.
    private static func checkDepth(of value: JSONValue, at path: JSONPointer) throws(JSONPatchError) {
        guard !value.isDeeper(than: JSONScanner.maximumDepth - path.tokens.count) else {
            throw JSONPatchError(.tooLarge, "the result would be nested too deeply")
        }
    }
}
