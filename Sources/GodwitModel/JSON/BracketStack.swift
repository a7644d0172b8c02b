/// The brackets that are open at a place in JSON text, a bit each.
package struct BracketStack: Sendable {
    /// The innermost brackets, at most 64, the last one in the lowest bit; 1 is `[`.
    private var word: UInt64 = 0
    /// Those around them, 64 in each.
    private var outer: [UInt64] = []
    /// How many are open.
    package private(set) var depth = 0

    package init() {}

    /// Whether the innermost open bracket is `[`. It means nothing where none is open.
    package var isInArray: Bool { word & 1 != 0 }

    /// Opens a bracket: `{` or `[`.
    package mutating func open(_ byte: UInt8) {
        if depth & 63 == 0, depth > 0 { outer.append(word) }
        word = word << 1 | (byte == UInt8(ascii: "[") ? 1 : 0)
        depth += 1
    }

    /// Closes the innermost bracket; false when the byte, `}` or `]`, is not its counterpart.
    package mutating func close(_ byte: UInt8) -> Bool {
        guard depth > 0, isInArray == (byte == UInt8(ascii: "]")) else { return false }
        depth -= 1
        word >>= 1
        if depth & 63 == 0, let restored = outer.popLast() { word = restored }
        return true
    }

    /// Forgets all.
    package mutating func removeAll() {
        depth = 0
        word = 0
        outer.removeAll(keepingCapacity: true)
    }
}
