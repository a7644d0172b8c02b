extension JSONMergePatch {
    /// The members whose patch makes one object of the other, byte for byte; empty where they are the same.
    ///
    /// Nil where no patch says it: a member that became null, or a key in the place of one that only looks the same.
    /// ``difference(from:to:)`` gives a patch for what they mean to Kubernetes.
    public static func exactDifference(
        from old: [String: JSONValue], to new: [String: JSONValue]
    ) -> [String: JSONValue]? {
        var patch: [String: JSONValue] = [:]
        var kept = 0
        for (key, value) in new {
            guard let index = old.index(forKey: key) else {
                guard value.isSayable else { return nil }
                patch[key] = value
                continue
            }
            guard old[index].key.hasSameBytes(as: key) else { return nil }
            kept += 1
            if case .object(let before) = old[index].value, case .object(let after) = value {
                guard let change = exactDifference(from: before, to: after) else { return nil }
                if !change.isEmpty { patch[key] = .object(change) }
            } else if old[index].value != value {
                guard value.isSayable else { return nil }
                patch[key] = value
            }
        }
        if kept < old.count {
            for key in old.keys where new[key] == nil { patch[key] = .null }
        }
        return patch
    }

    /// The text of an object after the patch. What the patch does not name keeps its bytes.
    ///
    /// - Throws: ``JSONError`` when the text is not an object, as far as it was looked at.
    public static func apply(_ patch: [String: JSONValue], toText text: [UInt8]) throws(JSONError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count + 256)
        try text.withUnsafeBufferPointer { buffer throws(JSONError) in
            var scanner = JSONScanner(buffer)
            try merge(patch, &scanner, into: &output)
            try scanner.expectEnd()
        }
        return output
    }

    private static func merge(
        _ patch: [String: JSONValue], _ scanner: inout JSONScanner, into output: inout [UInt8]
    ) throws(JSONError) {
        var changes = TextChanges(patch)
        let start = output.count
        func separate(_ output: inout [UInt8]) {
            output.append(UInt8(ascii: output.count == start ? "{" : ","))
        }
        try scanner.forEachMember { (scanner, key) throws(JSONError) in
            guard let change = try changes.take(key, in: scanner) else {
                separate(&output)
                let value = try scanner.skipValue()
                output.append(contentsOf: scanner.slice(key.range.lowerBound - 1..<value.upperBound))
                return true
            }
            if change.isNull {
                try scanner.skipValue()
                return true
            }
            separate(&output)
            output.append(contentsOf: scanner.slice(key.range.lowerBound - 1..<key.range.upperBound + 1))
            output.append(UInt8(ascii: ":"))
            if case .object(let inner) = change, try scanner.peek() == UInt8(ascii: "{") {
                try merge(inner, &scanner, into: &output)
            } else {
                try scanner.skipValue()
                output += JSONMergePatch.apply(change, to: .null).serialized()
            }
            return true
        }
        for change in changes.left where !change.value.isNull {
            separate(&output)
            output += JSONValue.literal(change.key)
            output.append(UInt8(ascii: ":"))
            output += JSONMergePatch.apply(change.value, to: .null).serialized()
        }
        if output.count == start { output.append(UInt8(ascii: "{")) }
        output.append(UInt8(ascii: "}"))
    }
}

/// The members of a patch on their way into a text.
private struct TextChanges {
    private struct Change {
        let key: String
        let value: JSONValue
        var isDone = false
    }

    /// So many are looked through one by one, which costs less than hashing each key of the text.
    private static let few = 8
    private var changes: [Change]
    /// Where a key's change is; empty where there are few.
    private var places: [String: Int] = [:]

    init(_ patch: [String: JSONValue]) {
        changes = patch.sorted { $0.key < $1.key }.map { Change(key: $0.key, value: $0.value) }
        guard changes.count > Self.few else { return }
        places.reserveCapacity(changes.count)
        for (index, change) in changes.enumerated() { places[change.key] = index }
    }

    /// The change of a member. Of a member that stands twice the last counts, so all of them change.
    mutating func take(_ key: JSONKey, in scanner: JSONScanner) throws(JSONError) -> JSONValue? {
        guard let index = try firstIndex(of: key, in: scanner) else { return nil }
        changes[index].isDone = true
        return changes[index].value
    }

    /// What no member of the text was.
    var left: some Sequence<(key: String, value: JSONValue)> {
        changes.lazy.filter { !$0.isDone }.map { (key: $0.key, value: $0.value) }
    }

    private func firstIndex(of key: JSONKey, in scanner: JSONScanner) throws(JSONError) -> Int? {
        let bytes = scanner.slice(key.range)
        if places.isEmpty {
            guard key.isEscaped else {
                return changes.firstIndex { $0.key.utf8.count == bytes.count && $0.key.utf8.elementsEqual(bytes) }
            }
            let name = try scanner.decode(key)
            return changes.firstIndex { $0.key.hasSameBytes(as: name) }
        }
        // Equal strings only look the same, and decoding mends bytes that are not UTF-8: what is found is compared.
        let name = try scanner.decode(key)
        guard let index = places[name] else { return nil }
        let found = changes[index].key
        return (key.isEscaped ? found.hasSameBytes(as: name) : found.utf8.elementsEqual(bytes)) ? index : nil
    }
}

extension JSONValue {
    /// Whether a merge patch can put the value where another is: no null outside arrays.
    fileprivate var isSayable: Bool {
        switch self {
        case .null: false
        case .object(let members): members.values.allSatisfy(\.isSayable)
        default: true
        }
    }
}
