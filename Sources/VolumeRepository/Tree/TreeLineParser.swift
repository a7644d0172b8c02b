/// Parses one line of a tree to an entry, or to the further extents of the entry before.
struct TreeLineParser {
    typealias Fault = LineScanner.Fault

    enum Line {
        case entry(TreeEntry)
        case more([Extent])
    }

    private var scanner: LineScanner
    private var seen: UInt32 = 0
    private var entry = TreeEntry(
        path: [], kind: .file, mode: 0, user: 0, group: 0, modified: TreeEntry.Time(seconds: 0, nanoseconds: 0),
        changed: TreeEntry.Time(seconds: 0, nanoseconds: 0), inode: 0)
    private var more: [Extent] = []

    private init(_ bytes: UnsafeRawBufferPointer) { scanner = LineScanner(bytes) }

    /// Parses a line without its line feed.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> Line {
        var parser = TreeLineParser(bytes)
        return try parser.line()
    }

    private mutating func line() throws(Fault) -> Line {
        try scanner.expect("{")
        repeat { try field(try scanner.key()) } while scanner.take(UInt8(ascii: ","))
        try scanner.expect("}")
        guard scanner.isAtEnd else { throw Fault("something follows the line's object") }
        if seen & Self.more != 0 {
            guard seen == Self.more else { throw Fault("a continuation has fields of an entry") }
            return .more(more)
        }
        guard seen & Self.required == Self.required else { throw Fault("an entry lacks a field") }
        if let fault = TreePath.fault(of: entry.path) ?? entry.fault { throw Fault(fault) }
        return .entry(entry)
    }

    // Bits of the fields that were seen; the two forms of a path share one.
    private static let path: UInt32 = 1
    private static let more: UInt32 = 1 << 1
    private static let type: UInt32 = 1 << 2
    private static let mode: UInt32 = 1 << 3
    private static let user: UInt32 = 1 << 4
    private static let group: UInt32 = 1 << 5
    private static let modified: UInt32 = 1 << 6
    private static let changed: UInt32 = 1 << 7
    private static let inode: UInt32 = 1 << 8
    private static let required = path | type | mode | user | group | modified | changed | inode

    private mutating func see(_ bit: UInt32) throws(Fault) {
        guard seen & bit == 0 else { throw Fault("a field stands there twice") }
        seen |= bit
    }

    private mutating func field(_ key: PackedKey) throws(Fault) {
        switch key {
        case Keys.path:
            try see(Self.path)
            entry.path = try scanner.string()
        case Keys.type:
            try see(Self.type)
            entry.kind = try kind()
        case Keys.mode:
            try see(Self.mode)
            entry.mode = try mode()
        case Keys.user:
            try see(Self.user)
            entry.user = try scanner.number(UInt32.self)
        case Keys.group:
            try see(Self.group)
            entry.group = try scanner.number(UInt32.self)
        case Keys.size:
            try see(1 << 9)
            entry.size = try scanner.number(Int64.self)
        case Keys.modified:
            try see(Self.modified)
            entry.modified = try scanner.time()
        case Keys.changed:
            try see(Self.changed)
            entry.changed = try scanner.time()
        case Keys.inode:
            try see(Self.inode)
            entry.inode = try scanner.unsigned()
        case Keys.contentID:
            try see(1 << 10)
            entry.contentID = try scanner.chunkID()
        case Keys.content:
            try see(1 << 11)
            entry.extents = try extents()
        case Keys.links:
            try see(1 << 12)
            entry.links = try scanner.number(UInt32.self)
        default: try rareField(key)
        }
    }

    private mutating func rareField(_ key: PackedKey) throws(Fault) {
        switch key {
        case Keys.pathBase64:
            try see(Self.path)
            entry.path = try scanner.base64()
        case Keys.more:
            try see(Self.more)
            more = try extents()
        case Keys.hardLink:
            try see(1 << 13)
            entry.hardLink = try scanner.string()
        case Keys.hardLinkBase64:
            try see(1 << 13)
            entry.hardLink = try scanner.base64()
        case Keys.target:
            try see(1 << 14)
            entry.target = try scanner.string()
        case Keys.targetBase64:
            try see(1 << 14)
            entry.target = try scanner.base64()
        case Keys.device:
            try see(1 << 15)
            entry.device = try device()
        case Keys.attributes:
            try see(1 << 16)
            entry.attributes = try attributes()
        default: try scanner.skipValue()
        }
    }

    private mutating func kind() throws(Fault) -> TreeEntry.Kind {
        // The common ones without making anything of them.
        if scanner.take("\"file\"") { return .file }
        if scanner.take("\"directory\"") { return .directory }
        let text = try scanner.string()
        guard let kind = TreeEntry.Kind(rawValue: String(decoding: text, as: UTF8.self)) else {
            throw Fault("a type of entry that is not known")
        }
        return kind
    }

    private mutating func mode() throws(Fault) -> UInt16 {
        try scanner.expect("\"")
        var mode: UInt16 = 0
        for _ in 0..<4 {
            let digit = scanner.next &- UInt8(ascii: "0")
            guard digit < 8, scanner.take(scanner.next) else { throw Fault("a mode is not four octal digits") }
            mode = mode << 3 | UInt16(digit)
        }
        try scanner.expect("\"")
        return mode
    }

    private mutating func device() throws(Fault) -> (major: UInt32, minor: UInt32) {
        try scanner.expect("[")
        let major = try scanner.number(UInt32.self)
        try scanner.expect(",")
        let minor = try scanner.number(UInt32.self)
        try scanner.expect("]")
        return (major, minor)
    }

    private mutating func attributes() throws(Fault) -> [TreeEntry.Attribute] {
        var attributes: [TreeEntry.Attribute] = []
        try scanner.expect("[")
        repeat { attributes.append(try attribute()) } while scanner.take(UInt8(ascii: ","))
        try scanner.expect("]")
        return attributes
    }

    private mutating func attribute() throws(Fault) -> TreeEntry.Attribute {
        var (name, value): ([UInt8]?, [UInt8]?)
        try scanner.expect("{")
        repeat {
            switch try scanner.key() {
            case Keys.name where name == nil: name = try scanner.string()
            case Keys.nameBase64 where name == nil: name = try scanner.base64()
            case Keys.value where value == nil: value = try scanner.base64()
            case Keys.name, Keys.nameBase64, Keys.value: throw Fault("a field stands there twice")
            default: try scanner.skipValue()
            }
        } while scanner.take(UInt8(ascii: ","))
        try scanner.expect("}")
        guard let name, let value else { throw Fault("an attribute lacks a field") }
        return TreeEntry.Attribute(name: name, value: value)
    }

    private mutating func extents() throws(Fault) -> [Extent] {
        var extents: [Extent] = []
        try scanner.expect("[")
        repeat {
            let extent = try extent()
            guard extent.isValid else { throw Fault("an extent is empty or larger than a chunk") }
            guard extents.count < TreeLimits.extentsPerLine else { throw Fault("a line has too many extents") }
            extents.append(extent)
        } while scanner.take(UInt8(ascii: ","))
        try scanner.expect("]")
        return extents
    }

    private mutating func extent() throws(Fault) -> Extent {
        if scanner.take(UInt8(ascii: "[")) {
            let id = try scanner.chunkID()
            try scanner.expect(",")
            let offset = try scanner.number(Int.self)
            try scanner.expect(",")
            let length = try scanner.number(Int.self)
            try scanner.expect("]")
            return .chunk(id, offset: offset, length: length)
        }
        try scanner.expect("{")
        guard try scanner.key() == Keys.hole else { throw Fault("an extent is neither a chunk nor a hole") }
        let length = try scanner.number(Int64.self)
        try scanner.expect("}")
        return .hole(length: length)
    }
}

/// The names of the fields.
private enum Keys {
    static let path = PackedKey("path")
    static let pathBase64 = PackedKey("pathBase64")
    static let type = PackedKey("type")
    static let mode = PackedKey("mode")
    static let user = PackedKey("user")
    static let group = PackedKey("group")
    static let size = PackedKey("size")
    static let modified = PackedKey("modified")
    static let changed = PackedKey("changed")
    static let inode = PackedKey("inode")
    static let links = PackedKey("links")
    static let contentID = PackedKey("contentID")
    static let content = PackedKey("content")
    static let more = PackedKey("more")
    static let hardLink = PackedKey("hardLink")
    static let hardLinkBase64 = PackedKey("hardLinkBase64")
    static let target = PackedKey("target")
    static let targetBase64 = PackedKey("targetBase64")
    static let device = PackedKey("device")
    static let attributes = PackedKey("attributes")
    static let name = PackedKey("name")
    static let nameBase64 = PackedKey("nameBase64")
    static let value = PackedKey("value")
    static let hole = PackedKey("hole")
}

extension PackedKey {
    @inline(__always)
    fileprivate init(_ text: StaticString) {
        var words: (UInt64, UInt64) = (0, 0)
        for index in 0..<text.utf8CodeUnitCount {
            words.0 = words.0 << 8 | words.1 >> 56
            words.1 = words.1 << 8 | UInt64(text.utf8Start[index])
        }
        self.init(high: words.0, low: words.1)
    }
}
