/// A JSON value as a tree.
///
/// Objects are dictionaries: Kubernetes gives the order of an object's members no meaning, and the serialised form
/// sorts them, so that equal values always have equal bytes. A number keeps every digit it came with.
public enum JSONValue: Sendable, Hashable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number, as the literal that was read, so that no digit is lost.
    case number(String)
    /// A string, unescaped.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object([String: JSONValue])
}

extension JSONValue {
    /// The members if this is an object.
    public var object: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The elements if this is an array.
    public var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text if this is a string.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value if this is a boolean.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The value if this is a 64-bit integer.
    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// Whether this is `null`.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// A member of an object. Reading from anything else, or a member that is not there, gives nil. Setting on
    /// anything else makes it an object; setting nil removes the member.
    public subscript(key: String) -> JSONValue? {
        get {
            if case .object(let members) = self { members[key] } else { nil }
        }
        set {
            // Taking the payload out first keeps the dictionary uniquely referenced while it is changed.
            var members: [String: JSONValue] = [:]
            if case .object(let existing) = self { members = existing }
            self = .null
            members[key] = newValue
            self = .object(members)
        }
    }

    /// The value reached by following object members; nil where one is missing. Setting creates the objects on the
    /// way, except that setting nil creates nothing.
    public subscript(path path: String...) -> JSONValue? {
        get { self[path: path[...]] }
        set { self[path: path[...]] = newValue }
    }

    /// The value reached by following object members, as ``subscript(path:)-(String...)``.
    public subscript(path path: ArraySlice<String>) -> JSONValue? {
        get {
            var value = self
            for key in path {
                guard let next = value[key] else { return nil }
                value = next
            }
            return value
        }
        set {
            guard let key = path.first else {
                self = newValue ?? .null
                return
            }
            let rest = path.dropFirst()
            if rest.isEmpty {
                if newValue == nil, self.object == nil { return }
                self[key] = newValue
                return
            }
            guard newValue != nil || self[key] != nil else { return }
            var child = self[key] ?? .object([:])
            self[key] = .null
            child[path: rest] = newValue
            self[key] = child
        }
    }
}

// There is no nil literal on purpose: in `condition ? nil : value` it would mean null where absence is meant.
extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of a key named twice the last value counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
