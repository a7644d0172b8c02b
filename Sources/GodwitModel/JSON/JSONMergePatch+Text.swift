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
        var changes = patch.sorted { $0.key < $1.key }.map { TextChange(key: $0.key, value: $0.value) }
        let start = output.count
        func separate(_ output: inout [UInt8]) {
            output.append(UInt8(ascii: output.count == start ? "{" : ","))
        }
        try scanner.forEachMember { (scanner, key) throws(JSONError) in
            let index = try changes.firstIndex(of: key, in: scanner)
            // Of a member that stands twice the last counts, so all of them change.
            if let index { changes[index].isDone = true }
            let change = index.map { changes[$0].value }
            guard let change else {
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
        for change in changes where !change.isDone && !change.value.isNull {
            separate(&output)
            output += JSONValue.literal(change.key)
            output.append(UInt8(ascii: ":"))
            output += JSONMergePatch.apply(change.value, to: .null).serialized()
        }
        if output.count == start { output.append(UInt8(ascii: "{")) }
        output.append(UInt8(ascii: "}"))
    }
}

/// A member of a patch on its way into a text.
private struct TextChange {
    let key: String
    let value: JSONValue
    var isDone = false
}

extension [TextChange] {
    /// The change of a member.
    fileprivate func firstIndex(of key: JSONKey, in scanner: JSONScanner) throws(JSONError) -> Int? {
        guard key.isEscaped else {
            let bytes = scanner.slice(key.range)
            return firstIndex { $0.key.utf8.count == bytes.count && $0.key.utf8.elementsEqual(bytes) }
        }
        let name = try scanner.decode(key)
        return firstIndex { $0.key.hasSameBytes(as: name) }
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
