/// The first sixteen bytes of a key and its length, so that keys compare without memory of their own, wherever the
/// text was split.
struct PackedKey: Hashable {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var length = 0

    init() {}

    private init(_ text: StaticString) {
        self.init()
        for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
    }

    mutating func append(_ byte: UInt8) {
        if length < 8 {
            first = first << 8 | UInt64(byte)
        } else if length < 16 {
            second = second << 8 | UInt64(byte)
        }
        length += 1
    }

    static let items = PackedKey("items")
    static let apiVersion = PackedKey("apiVersion")
    static let kind = PackedKey("kind")
    static let metadata = PackedKey("metadata")
    static let type = PackedKey("type")
    static let object = PackedKey("object")

    /// The member of an envelope with this name.
    var member: EnvelopeMember? {
        switch self {
        case .apiVersion: .apiVersion
        case .kind: .kind
        case .metadata: .metadata
        case .type: .type
        case .object: .object
        default: nil
        }
    }
}
