extension JSONDifference {
    /// The differences as lines for people: `spec.replicas: 2 -> 3`, `+ metadata.labels.app: web`, `- spec.paused: true`.
    ///
    /// Of a Secret only the sizes of its values are told. Control characters are escaped, so that a value cannot
    /// play with the terminal, and long values are cut.
    /// - Parameters:
    ///   - changes: of an object.
    ///   - kind: the object's kind, such as `Secret`.
    public static func lines(_ changes: [Change], kind: String) -> [String] {
        let renderer = DifferenceRenderer(isSecret: kind == "Secret")
        return changes.flatMap(renderer.lines)
    }

    /// A place in words: `spec.template.spec.containers[name=web].image`.
    public static func text(of path: [Step]) -> String {
        var text = ""
        for step in path {
            switch step {
            case .member(let name) where isPlain(name): text += text.isEmpty ? name : ".\(name)"
            case .member(let name): text += "[\(quoted(name))]"
            case .index(let index): text += "[\(index)]"
            case .element(let key, let value): text += "[\(key)=\(value.scalarText)]"
            case .order(let key): text += "[order by \(key)]"
            }
        }
        return text
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "$"):
                    true
                default: false
                }
            }
    }

    /// A JSON literal without any control character.
    fileprivate static func quoted(_ text: String) -> String {
        escapingControls(String(decoding: JSONValue.literal(text), as: UTF8.self))
    }

    /// JSON text with the control and format characters in its strings escaped.
    fileprivate static func escapingControls(_ json: String) -> String {
        var text = ""
        for scalar in json.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

private struct DifferenceRenderer {
    /// Longer values are cut.
    static let maximumLength = 240
    /// The members of a Secret that hold secrets; the annotation repeats the whole object.
    static let secretMembers: [[JSONDifference.Step]] = [
        [.member("data")], [.member("stringData")],
        [.member("metadata"), .member("annotations"), .member("kubectl.kubernetes.io/last-applied-configuration")],
    ]

    let isSecret: Bool

    func lines(_ change: JSONDifference.Change) -> [String] {
        if isSecret, change.path.count < 3, let deeper = split(change) { return deeper.flatMap(lines) }
        let place = JSONDifference.text(of: change.path)
        let label = place.isEmpty ? "" : "\(place): "
        if isSecret, Self.secretMembers.contains(where: { change.path.starts(with: $0) }) {
            return [masked(change.kind, label, isEncoded: change.path.first == .member("data"))]
        }
        switch change.kind {
        case .added(let value): return ["+ \(label)\(text(value))"]
        case .removed(let value): return ["- \(label)\(text(value))"]
        case .changed(let old, let new): return ["\(label)\(text(old)) -> \(text(new))"]
        }
    }

    /// A change of an object above the secret members, as changes of each of its members; nil when it is not above.
    private func split(_ change: JSONDifference.Change) -> [JSONDifference.Change]? {
        let isAbove = Self.secretMembers.contains {
            $0.starts(with: change.path) && ($0.count > change.path.count || change.path.count == 1)
        }
        guard isAbove else { return nil }
        func each(_ value: JSONValue, _ make: (JSONValue) -> JSONDifference.Kind) -> [JSONDifference.Change]? {
            guard let members = value.object else { return nil }
            return members.sorted { $0.key < $1.key }.map { key, value in
                JSONDifference.Change(path: change.path + [.member(key)], kind: make(value))
            }
        }
        switch change.kind {
        case .added(let value): return each(value) { .added($0) }
        case .removed(let value): return each(value) { .removed($0) }
        case .changed(let old, let new):
            let removed = each(old) { .removed($0) }
            let added = each(new) { .added($0) }
            return removed == nil && added == nil ? nil : (removed ?? []) + (added ?? [])
        }
    }

    private func masked(_ kind: JSONDifference.Kind, _ label: String, isEncoded: Bool) -> String {
        func size(_ value: JSONValue) -> Int {
            guard let text = value.string else { return value.serialized().count }
            return isEncoded ? Self.decodedSize(text) : text.utf8.count
        }
        switch kind {
        case .added(let value): return "+ \(label)(\(size(value)) bytes)"
        case .removed(let value): return "- \(label)(\(size(value)) bytes)"
        case .changed(let old, let new):
            let (before, after) = (size(old), size(new))
            return before == after
                ? "\(label)(\(after) bytes, changed)" : "\(label)(\(before) bytes -> \(after) bytes, changed)"
        }
    }

    /// How many bytes a base64 text stands for.
    private static func decodedSize(_ text: String) -> Int {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "=") && $0 != 0x0A && $0 != 0x0D }
        return digits.count * 3 / 4
    }

    private func text(_ value: JSONValue) -> String {
        let text = value.scalarText
        guard text.count > Self.maximumLength else { return text }
        return "\(text.prefix(Self.maximumLength))… (\(text.utf8.count) bytes)"
    }
}

extension JSONValue {
    /// A string as it is where it cannot be mistaken, anything else as JSON.
    fileprivate var scalarText: String {
        guard case .string(let text) = self else {
            // Strings inside an array or object may hold control characters too.
            return JSONDifference.escapingControls(String(decoding: serialized(), as: UTF8.self))
        }
        let looksLikeAnother = ["", "true", "false", "null"].contains(text) || Double(text) != nil
        let isPlain = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x22 && $0.properties.isGraphic }
        return isPlain && !looksLikeAnother ? text : JSONDifference.quoted(text)
    }
}

extension Unicode.Scalar.Properties {
    /// Letters, marks, numbers, punctuation and symbols.
    fileprivate var isGraphic: Bool {
        switch generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
