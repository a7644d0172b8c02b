import Glibc

extension JSONValue {
    /// Whether both are the same JSON, byte for byte in their strings.
    ///
    /// Swift calls two strings equal when they look equal; a backup that differs from a cluster in Unicode
    /// normalisation differs.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left.hasSameBytes(as: right)
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): equal(left, right, by: ==)
        default: false
        }
    }

    /// Hashes what ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let text), .string(let text): hasher.combine(text)
        case .array(let elements): hasher.combine(elements)
        case .object(let members): hasher.combine(members)
        }
    }

    private static func equal(
        _ left: [String: JSONValue], _ right: [String: JSONValue], by areEqual: (JSONValue, JSONValue) -> Bool
    ) -> Bool {
        guard left.count == right.count else { return false }
        for (key, value) in left {
            guard let index = right.index(forKey: key), right[index].key.hasSameBytes(as: key),
                areEqual(value, right[index].value)
            else { return false }
        }
        return true
    }

    /// Whether both are the same JSON when numbers are compared by value, so that 1, 1.0 and 10e-1 are the same.
    public func isSameJSON(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.integer(let left), .number(let right)): JSONDecimal(String(left)) == JSONDecimal(right)
        case (.number(let left), .integer(let right)): JSONDecimal(left) == JSONDecimal(String(right))
        case (.number(let left), .number(let right)): JSONDecimal(left) == JSONDecimal(right)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isSameJSON(as: $1) }
        case (.object(let left), .object(let right)): Self.equal(left, right) { $0.isSameJSON(as: $1) }
        default: self == other
        }
    }
}

extension String {
    /// Whether both have the same UTF-8 bytes.
    func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let isSame = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                return memcmp(left, right, utf8.count) == 0
            }
        }
        return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

/// A JSON number as digits and a power of ten, so that two spellings of one number are equal.
struct JSONDecimal: Hashable {
    private let isNegative: Bool
    private let digits: [UInt8]
    /// The number is `digits * 10^exponent`.
    private let exponent: Int
    /// The literal where the exponent passes all reason; such numbers are equal only when written alike.
    private let literal: String?

    /// Takes a literal that follows JSON's grammar.
    init(_ text: String) {
        var digits: [UInt8] = []
        var fraction = 0
        var isFraction = false
        var power: Int? = 0
        scan: for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-"): continue
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                power = Int(String(decoding: text.utf8.dropFirst(index + 1), as: UTF8.self))
                break scan
            default:
                digits.append(byte)
                if isFraction { fraction += 1 }
            }
        }
        digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
        var exponent = -fraction
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        let (sum, overflow) = exponent.addingReportingOverflow(power ?? 0)
        let isOrdinary = power != nil && !overflow
        // Zero has one spelling; its sign does not matter here.
        let isZero = digits.isEmpty
        isNegative = !isZero && text.utf8.first == UInt8(ascii: "-")
        self.digits = digits
        self.exponent = isZero || !isOrdinary ? 0 : sum
        literal = isZero || isOrdinary ? nil : text
    }
}
