public import GodwitModel

/// A path to values inside an object: `spec.claimRef.namespace`, `webhooks[*].clientConfig.service`.
///
/// Names are separated by dots. `[*]` stands for every element of an array or every value of an object, `[3]` for one
/// element of an array, `['example.com/image']` for a member whose name holds dots. A path only ever reaches what is
/// there; it creates nothing.
public struct FieldPath: Sendable, Hashable, CustomStringConvertible {
    enum Step: Sendable, Hashable {
        case member(String)
        case element(Int)
        case each
    }

    let steps: [Step]
    /// The path as it was written.
    public let description: String

    /// Reads a path that a person wrote.
    ///
    /// - Throws: ``FieldPathError`` when it is malformed or empty.
    public init(parsing text: String) throws(FieldPathError) {
        var parser = FieldPathParser(text)
        steps = try parser.steps()
        description = text
    }

    private init(_ steps: [Step], _ description: String) {
        self.steps = steps
        self.description = description
    }

    /// The path of `other` inside the value of this path.
    public func appending(_ other: FieldPath) -> FieldPath {
        FieldPath(steps + other.steps, "\(description).\(other.description)")
    }

    /// Gives every value that the path reaches to `body`, which may change it.
    public func update(_ value: inout JSONValue, _ body: (inout JSONValue) throws -> Void) rethrows {
        try Self.update(&value, steps[...], body)
    }

    /// Gives every value of an object that the path reaches to `body`, which may change it.
    public func update(_ object: inout KubernetesObject, _ body: (inout JSONValue) throws -> Void) rethrows {
        try update(&object.value, body)
    }

    /// Every value that the path reaches.
    public func values(in object: KubernetesObject) -> [JSONValue] {
        var found: [JSONValue] = []
        var copy = object.value
        update(&copy) { found.append($0) }
        return found
    }

    private static func update(
        _ value: inout JSONValue, _ steps: ArraySlice<Step>, _ body: (inout JSONValue) throws -> Void
    ) rethrows {
        guard let step = steps.first else { return try body(&value) }
        let rest = steps.dropFirst()
        switch step {
        case .member(let name):
            guard case .object(var members) = value, let index = members.index(forKey: name) else { return }
            // With the payload out of the enum the dictionary has one owner, and is changed in place.
            value = .null
            defer { value = .object(members) }
            try update(&members.values[index], rest, body)
        case .element(let index):
            guard case .array(var elements) = value, elements.indices.contains(index) else { return }
            value = .null
            defer { value = .array(elements) }
            try update(&elements[index], rest, body)
        case .each:
            if case .array(var elements) = value {
                value = .null
                defer { value = .array(elements) }
                for index in elements.indices { try update(&elements[index], rest, body) }
            } else if case .object(var members) = value {
                value = .null
                defer { value = .object(members) }
                for index in members.values.indices { try update(&members.values[index], rest, body) }
            }
        }
    }
}

extension FieldPath: ExpressibleByStringLiteral {
    /// A path written in code. A malformed one reaches nothing; the tests check every path of the tables.
    public init(stringLiteral text: String) {
        self = (try? FieldPath(parsing: text)) ?? FieldPath([.member(text)], text)
    }
}

/// A path that is not one.
public struct FieldPathError: AdvisedError, Hashable {
    /// The path as it was written.
    public let path: String
    /// What is wrong.
    public let reason: String?

    /// A malformed path.
    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// What failed.
    public var summary: String { "'\(path)' is not a field path" }
    /// What to write.
    public var advice: String? {
        "write member names separated by dots, [*] for every element: spec.template.containers[*].image"
    }
}
