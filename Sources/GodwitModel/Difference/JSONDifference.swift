/// What differs between two JSON values, place by place.
public enum JSONDifference {
    /// One step on the way to a place.
    public enum Step: Sendable, Hashable {
        /// A member of an object.
        case member(String)
        /// An element of an array, counted from 0: in the old array for what was removed, else in the new one.
        case index(Int)
        /// The element of an array of objects whose member `key` has this value: `containers[name=web]`.
        case element(key: String, value: JSONValue)
        /// The order of an array of objects that are matched by the member `key`.
        case order(key: String)
    }

    /// What happened at a place.
    public enum Kind: Sendable, Hashable {
        /// There was nothing.
        case added(JSONValue)
        /// There is nothing any more.
        case removed(JSONValue)
        /// There was something else.
        case changed(old: JSONValue, new: JSONValue)
    }

    /// One difference.
    public struct Change: Sendable, Hashable {
        /// The way to the place; empty for the whole value.
        public let path: [Step]
        /// What happened there.
        public let kind: Kind

        /// A difference.
        public init(path: [Step], kind: Kind) {
            self.path = path
            self.kind = kind
        }
    }

    /// The differences, in the order of the sorted members and the elements.
    ///
    /// Arrays of objects are matched by `name`, or another member that Kubernetes merges by, where each element of
    /// both arrays has one of its own; a changed order is then one change. Other arrays are compared by position,
    /// after what is the same at both ends.
    public static func compute(from old: JSONValue, to new: JSONValue) -> [Change] {
        var computation = Computation()
        computation.compare(old, new)
        return computation.changes
    }
}

private struct Computation {
    /// Members by which elements are matched, the first that fits.
    static let mergeKeys = [
        "name", "uid", "type", "mountPath", "devicePath", "containerPort", "port", "ip", "topologyKey", "key", "host",
    ]

    var changes: [JSONDifference.Change] = []
    var path: [JSONDifference.Step] = []

    mutating func record(_ kind: JSONDifference.Kind) {
        changes.append(JSONDifference.Change(path: path, kind: kind))
    }

    mutating func at(_ step: JSONDifference.Step, _ body: (inout Computation) -> Void) {
        path.append(step)
        body(&self)
        path.removeLast()
    }

    mutating func compare(_ old: JSONValue?, _ new: JSONValue?) {
        switch (old, new) {
        case (nil, nil): break
        case (nil, let new?): record(.added(new))
        case (let old?, nil): record(.removed(old))
        case (.object(let old), .object(let new)): compare(old, new)
        case (.array(let old), .array(let new)): compare(old, new)
        case (let old?, let new?):
            if old != new { record(.changed(old: old, new: new)) }
        }
    }

    private mutating func compare(_ old: [String: JSONValue], _ new: [String: JSONValue]) {
        var keys = Array(old.keys)
        // Keys that look alike but have other bytes are two keys.
        for (key, _) in new where !(old.index(forKey: key).map { old[$0].key.hasSameBytes(as: key) } ?? false) {
            keys.append(key)
        }
        for key in keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            at(.member(key)) { $0.compare(old.exactly(key), new.exactly(key)) }
        }
    }

    private mutating func compare(_ old: [JSONValue], _ new: [JSONValue]) {
        guard old != new else { return }
        if let key = Self.mergeKeys.first(where: { Self.identities(old, $0) != nil && Self.identities(new, $0) != nil })
        {
            compareByKey(old, new, key)
        } else {
            compareByPosition(old, new)
        }
    }

    /// The elements by the member; nil unless each is an object with a scalar of its own there.
    private static func identities(_ elements: [JSONValue], _ key: String) -> [JSONValue: JSONValue]? {
        var identities: [JSONValue: JSONValue] = [:]
        for element in elements {
            switch element[key] {
            case .string, .integer:
                guard let value = element[key], identities.updateValue(element, forKey: value) == nil else {
                    return nil
                }
            default: return nil
            }
        }
        return identities
    }

    private mutating func compareByKey(_ old: [JSONValue], _ new: [JSONValue], _ key: String) {
        let oldKeys = old.compactMap { $0[key] }
        let newKeys = new.compactMap { $0[key] }
        let before = Self.identities(old, key) ?? [:]
        let after = Self.identities(new, key) ?? [:]
        for identity in oldKeys {
            at(.element(key: key, value: identity)) { $0.compare(before[identity], after[identity]) }
        }
        for identity in newKeys where before[identity] == nil {
            at(.element(key: key, value: identity)) { $0.compare(nil, after[identity]) }
        }
        let common = (oldKeys.filter { after[$0] != nil }, newKeys.filter { before[$0] != nil })
        if common.0 != common.1 {
            at(.order(key: key)) { $0.record(.changed(old: .array(common.0), new: .array(common.1))) }
        }
    }

    private mutating func compareByPosition(_ old: [JSONValue], _ new: [JSONValue]) {
        let shorter = min(old.count, new.count)
        var head = 0
        while head < shorter, old[head] == new[head] { head += 1 }
        var tail = 0
        while tail < shorter - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] { tail += 1 }
        let (oldEnd, newEnd) = (old.count - tail, new.count - tail)
        for index in head..<max(oldEnd, newEnd) {
            at(.index(index)) {
                $0.compare(index < oldEnd ? old[index] : nil, index < newEnd ? new[index] : nil)
            }
        }
    }
}

extension [String: JSONValue] {
    /// The value of the key with the same bytes.
    fileprivate func exactly(_ key: String) -> JSONValue? {
        guard let index = index(forKey: key), self[index].key.hasSameBytes(as: key) else { return nil }
        return self[index].value
    }
}
