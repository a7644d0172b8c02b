extension JSONValue {
    /// The value at a place.
    ///
    /// - Throws: ``JSONPatchError`` when the path leads nowhere.
    public func value(at pointer: JSONPointer) throws(JSONPatchError) -> JSONValue {
        var value = self
        for token in pointer.tokens {
            switch value {
            case .object(let members):
                guard let member = members[token] else { throw .missing(pointer, token) }
                value = member
            case .array(let elements):
                guard let index = JSONPointer.index(token), index < elements.count else {
                    throw .missing(pointer, token)
                }
                value = elements[index]
            default: throw .missing(pointer, token)
            }
        }
        return value
    }

    mutating func add(_ value: JSONValue, at pointer: JSONPointer) throws(JSONPatchError) {
        try change(at: pointer, pointer.tokens[...]) { container, token throws(JSONPatchError) in
            guard let token else {
                container = value
                return
            }
            switch container {
            case .object: container[token] = value
            case .array(var elements):
                container = .null
                defer { container = .array(elements) }
                let index = token == "-" ? elements.count : JSONPointer.index(token)
                guard let index, index <= elements.count else { throw .missing(pointer, token) }
                elements.insert(value, at: index)
            default: throw .missing(pointer, token)
            }
        }
    }

    /// Removes what is there and gives it. The whole document becomes null.
    mutating func remove(at pointer: JSONPointer) throws(JSONPatchError) -> JSONValue {
        var removed = JSONValue.null
        try change(at: pointer, pointer.tokens[...]) { container, token throws(JSONPatchError) in
            guard let token else {
                removed = container
                container = .null
                return
            }
            switch container {
            case .object:
                guard let member = container[token] else { throw .missing(pointer, token) }
                removed = member
                container[token] = nil
            case .array(var elements):
                container = .null
                defer { container = .array(elements) }
                guard let index = JSONPointer.index(token), index < elements.count else {
                    throw .missing(pointer, token)
                }
                removed = elements.remove(at: index)
            default: throw .missing(pointer, token)
            }
        }
        return removed
    }

    mutating func replace(at pointer: JSONPointer, with value: JSONValue) throws(JSONPatchError) {
        _ = try self.value(at: pointer)
        try change(at: pointer, pointer.tokens[...]) { container, token throws(JSONPatchError) in
            guard let token else {
                container = value
                return
            }
            switch container {
            case .object: container[token] = value
            case .array(var elements):
                container = .null
                defer { container = .array(elements) }
                guard let index = JSONPointer.index(token), index < elements.count else {
                    throw .missing(pointer, token)
                }
                elements[index] = value
            default: throw .missing(pointer, token)
            }
        }
    }

    /// Walks to the container of the last token and changes it there; the token is nil for the whole document.
    private mutating func change(
        at pointer: JSONPointer, _ tokens: ArraySlice<String>,
        _ body: (inout JSONValue, String?) throws(JSONPatchError) -> Void
    ) throws(JSONPatchError) {
        guard let token = tokens.first else { return try body(&self, nil) }
        let rest = tokens.dropFirst()
        if rest.isEmpty { return try body(&self, token) }
        switch self {
        case .object(var members):
            guard var child = members[token] else { throw .missing(pointer, token) }
            self = .null
            members[token] = .null
            // Put back on failure too: the caller may go on with the value.
            defer {
                members[token] = child
                self = .object(members)
            }
            try child.change(at: pointer, rest, body)
        case .array(var elements):
            guard let index = JSONPointer.index(token), index < elements.count else { throw .missing(pointer, token) }
            var child = elements[index]
            self = .null
            elements[index] = .null
            defer {
                elements[index] = child
                self = .array(elements)
            }
            try child.change(at: pointer, rest, body)
        default: throw .missing(pointer, token)
        }
    }

    /// Whether containers are nested deeper than this many levels.
    func isDeeper(than levels: Int) -> Bool {
        switch self {
        case .array(let elements): levels <= 0 || elements.contains { $0.isDeeper(than: levels - 1) }
        case .object(let members): levels <= 0 || members.values.contains { $0.isDeeper(than: levels - 1) }
        default: levels < 0
        }
    }

    /// Adds the number of values and string bytes to `total`; false, and early, when that passes the limit.
    func weigh(into total: inout Int, limit: Int) -> Bool {
        total += 1
        switch self {
        case .null, .bool, .integer: break
        case .number(let text), .string(let text): total += text.utf8.count
        case .array(let elements):
            for element in elements {
                guard element.weigh(into: &total, limit: limit) else { return false }
            }
        case .object(let members):
            for (key, member) in members {
                total += key.utf8.count
                guard member.weigh(into: &total, limit: limit) else { return false }
            }
        }
        return total <= limit
    }
}

extension JSONPatchError {
    static func missing(_ pointer: JSONPointer, _ token: String) -> JSONPatchError {
        JSONPatchError(.pathNotFound, "'\(pointer)' leads nowhere: there is no '\(token)'")
    }
}
