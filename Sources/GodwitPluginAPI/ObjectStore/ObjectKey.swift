/// The rules for keys that ``ObjectStore`` states, as code, so that all stores refuse the same ones.
public enum ObjectKey {
    /// The longest key in UTF-8 bytes.
    public static let maximumLength = 1024

    /// Why a text cannot be a key; nil when it can.
    public static func flaw(of key: String) -> String? {
        guard !key.isEmpty else { return "a key cannot be empty" }
        guard key.utf8.count <= maximumLength else { return "a key has at most \(maximumLength) bytes" }
        for component in key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if component.isEmpty { return "no component of a key can be empty" }
            if component.allSatisfy({ $0 == UInt8(ascii: ".") }), component.count <= 2 {
                return "no component of a key can be '.' or '..'"
            }
        }
        return nil
    }

    /// Whether one key comes before another in a listing: by their bytes, which is not how Swift compares strings.
    public static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
