import Foundation

/// Takes known members out of a JSON object, each as the type it must have, and keeps the rest.
///
/// A null counts as absent, as Go's decoder has it.
struct APIFields {
    let kind: String
    let path: String
    private var members: [String: JSONValue]

    init(_ json: JSONValue, kind: String, path: String = "") throws(APIObjectError) {
        guard case .object(let members) = json else {
            throw APIObjectError(kind: kind, field: path, "not an object")
        }
        self.kind = kind
        self.path = path
        self.members = members.filter { !$0.value.isNull }
    }

    /// What has not been taken; nil when nothing is left.
    var rest: JSONValue? { members.isEmpty ? nil : .object(members) }

    func error(_ field: String, _ detail: String) -> APIObjectError {
        APIObjectError(kind: kind, field: path.isEmpty ? field : "\(path).\(field)", detail)
    }

    mutating func take(_ field: String) -> JSONValue? { members.removeValue(forKey: field) }

    /// Takes a member, and fails when it is not what `read` accepts.
    private mutating func take<Value>(
        _ field: String, _ type: String, _ read: (JSONValue) -> Value?
    ) throws(APIObjectError) -> Value? {
        guard let json = take(field) else { return nil }
        guard let value = read(json) else { throw error(field, "not \(type)") }
        return value
    }

    mutating func string(_ field: String) throws(APIObjectError) -> String? { try take(field, "a string", \.string) }

    mutating func bool(_ field: String) throws(APIObjectError) -> Bool? { try take(field, "true or false", \.bool) }

    mutating func count(_ field: String) throws(APIObjectError) -> Int {
        try take(field, "a whole number") { $0.integer.flatMap { Int(exactly: $0) } } ?? 0
    }

    mutating func strings(_ field: String) throws(APIObjectError) -> [String] {
        try take(field, "a list of strings") { json in
            let strings = json.array?.compactMap(\.string)
            return strings?.count == json.array?.count ? strings : nil
        } ?? []
    }

    mutating func stringMap(_ field: String) throws(APIObjectError) -> [String: String] {
        try take(field, "an object of strings") { json in
            let map = json.object?.compactMapValues(\.string)
            return map?.count == json.object?.count ? map : nil
        } ?? [:]
    }

    mutating func time(_ field: String) throws(APIObjectError) -> Date? {
        try take(field, "a time such as 2026-01-31T10:00:00Z") { $0.string.flatMap(RFC3339.parse) }
    }

    mutating func duration(_ field: String) throws(APIObjectError) -> Duration? {
        try take(field, "a duration such as 720h0m0s") { $0.string.flatMap(GoDuration.parse) }
    }

    mutating func selector(_ field: String) throws(APIObjectError) -> LabelSelector? {
        guard let json = take(field) else { return nil }
        return try selector(json, field)
    }

    func selector(_ json: JSONValue, _ field: String) throws(APIObjectError) -> LabelSelector {
        do {
            return try LabelSelector(json: json)
        } catch {
            throw self.error(field, error.reason)
        }
    }

    /// The fields of a member that is an object; of an empty one when it is absent.
    mutating func fields(_ field: String) throws(APIObjectError) -> APIFields {
        try APIFields(take(field) ?? [:], kind: kind, path: path.isEmpty ? field : "\(path).\(field)")
    }

    /// Puts what is left of a member back.
    mutating func keep(_ field: String, _ rest: JSONValue?) {
        if let rest { members[field] = rest }
    }
}

extension JSONValue {
    /// Sets a member, or leaves it out where Go's `omitempty` would: nothing, empty, zero, false.
    mutating func set(_ field: String, _ value: String?) {
        if let value, !value.isEmpty { self[field] = .string(value) }
    }

    mutating func set(_ field: String, _ value: Int) {
        if value != 0 { self[field] = .integer(Int64(value)) }
    }

    mutating func set(_ field: String, _ value: Bool?) {
        if let value { self[field] = .bool(value) }
    }

    mutating func set(_ field: String, _ values: [String]) {
        if !values.isEmpty { self[field] = .array(values.map { .string($0) }) }
    }

    mutating func set(_ field: String, _ map: [String: String]) {
        if !map.isEmpty { self[field] = .object(map.mapValues { .string($0) }) }
    }

    mutating func set(_ field: String, _ time: Date?) {
        if let time { self[field] = .string(RFC3339.format(time)) }
    }

    mutating func set(_ field: String, _ members: JSONValue) {
        if members.object?.isEmpty == false { self[field] = members }
    }
}
