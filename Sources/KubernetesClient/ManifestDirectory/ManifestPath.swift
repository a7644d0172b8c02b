import GodwitModel

/// Where an object's own file stands: `<namespace or _cluster>/<plural.group>/<name>.yaml`.
enum ManifestPath {
    /// The folder of objects without a namespace; no namespace can have this name.
    static let cluster = "_cluster"
    private static let maximumLength = 240

    static func path(of identity: ItemIdentity) -> String {
        let folder = identity.namespace.map(encode) ?? cluster
        return "\(folder)/\(encode(identity.resource.description))/\(encode(identity.name)).yaml"
    }

    /// A name as a file name: letters, digits, `-`, `_` and `.` stay, anything else becomes `%` and two digits, as
    /// does a dot or underscore in front. A name that gets too long is cut and ends in a hash of the whole.
    static func encode(_ name: String) -> String {
        var encoded: [UInt8] = []
        for byte in name.utf8 {
            let isFirst = encoded.isEmpty
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x30...0x39,
                UInt8(ascii: "-"):
                encoded.append(byte)
            case UInt8(ascii: ".") where !isFirst, UInt8(ascii: "_") where !isFirst: encoded.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        if encoded.count > maximumLength {
            let hash = String(fingerprint(name), radix: 16)
            encoded = encoded.prefix(maximumLength - 18) + Array("~\(hash)".utf8)
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// FNV-1a; it tells long names apart and guards nothing.
    private static func fingerprint(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
