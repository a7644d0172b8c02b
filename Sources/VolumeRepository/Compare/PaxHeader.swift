/// The headers of a tar entry: ustar, and before it a pax header for what ustar cannot say (POSIX.1-2001, pax; the
/// attributes as star and GNU tar have them).
enum PaxHeader {
    /// The headers of an entry; the content follows, filled up to whole blocks.
    static func bytes(of entry: TreeEntry, sparse: SparseMap?) -> [UInt8] {
        let name = Self.name(of: entry)
        let link = entry.hardLink.map { Array("./".utf8) + $0 } ?? entry.target
        let stored = entry.kind == .file && entry.hardLink == nil ? sparse?.storedLength ?? entry.size : 0
        var records: [UInt8] = []
        let isText = [name, link].allSatisfy { String(validating: $0, as: UTF8.self) != nil }
        if !isText { append("hdrcharset", Array("BINARY".utf8), to: &records) }
        if sparse != nil {
            append("GNU.sparse.major", "1", to: &records)
            append("GNU.sparse.minor", "0", to: &records)
            append("GNU.sparse.name", name, to: &records)
            append("GNU.sparse.realsize", "\(entry.size)", to: &records)
        } else if name.count > 100 || !isASCII(name) {
            append("path", name, to: &records)
        }
        if link.count > 100 || !isASCII(link) { append("linkpath", link, to: &records) }
        if stored >= 1 << 33 { append("size", "\(stored)", to: &records) }
        if entry.user >= 1 << 21 { append("uid", "\(entry.user)", to: &records) }
        if entry.group >= 1 << 21 { append("gid", "\(entry.group)", to: &records) }
        if entry.modified.nanoseconds != 0 || !(0..<1 << 33).contains(entry.modified.seconds) {
            append("mtime", TreeLine.text(of: entry.modified), to: &records)
        }
        for attribute in entry.attributes {
            append("SCHILY.xattr.", escaped(attribute.name), attribute.value, to: &records)
        }
        var bytes: [UInt8] = []
        if !records.isEmpty {
            bytes += ustar(name: Array("./PaxHeaders/entry".utf8), type: "x", entry: nil, size: Int64(records.count))
            bytes += records
            bytes += [UInt8](repeating: 0, count: (512 - records.count % 512) % 512)
        }
        let shown = sparse == nil ? name : Array("./GNUSparseFile.0/entry".utf8)
        return bytes + ustar(name: shown, type: type(of: entry), entry: entry, size: stored, link: link)
    }

    private static func name(of entry: TreeEntry) -> [UInt8] {
        let name = Array("./".utf8) + entry.path
        return entry.kind == .directory && !entry.path.isEmpty ? name + [UInt8(ascii: "/")] : name
    }

    private static func type(of entry: TreeEntry) -> Unicode.Scalar {
        if entry.hardLink != nil { return "1" }
        return switch entry.kind {
        case .file: "0"
        case .symlink: "2"
        case .characterDevice: "3"
        case .blockDevice: "4"
        case .directory: "5"
        case .fifo: "6"
        }
    }

    private static func isASCII(_ bytes: [UInt8]) -> Bool { bytes.allSatisfy { $0 < 0x80 } }

    /// GNU tar's escapes: an equals sign would end the name.
    private static func escaped(_ name: [UInt8]) -> [UInt8] {
        name.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "="): Array("%3D".utf8)
            case UInt8(ascii: "%"): Array("%25".utf8)
            default: [byte]
            }
        }
    }

    private static func append(_ key: String, _ value: String, to records: inout [UInt8]) {
        append(key, [], Array(value.utf8), to: &records)
    }

    private static func append(_ key: String, _ value: [UInt8], to records: inout [UInt8]) {
        append(key, [], value, to: &records)
    }

    /// Appends `<length> <key>=<value>` and a line feed; the length counts its own digits.
    private static func append(_ key: String, _ rest: [UInt8], _ value: [UInt8], to records: inout [UInt8]) {
        let length = key.utf8.count + rest.count + value.count + 3
        var digits = "\(length)".utf8.count
        while "\(length + digits)".utf8.count > digits { digits += 1 }
        records.append(contentsOf: "\(length + digits) \(key)".utf8)
        records.append(contentsOf: rest)
        records.append(UInt8(ascii: "="))
        records.append(contentsOf: value)
        records.append(UInt8(ascii: "\n"))
    }

    private static func ustar(
        name: [UInt8], type: Unicode.Scalar, entry: TreeEntry?, size: Int64, link: [UInt8] = []
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int, limit: Int) {
            for (index, byte) in bytes.prefix(limit).enumerated() { block[offset + index] = byte }
        }
        func put(octal value: UInt64, at offset: Int, digits: Int) {
            let text = String(value, radix: 8)
            let fits = text.utf8.count <= digits
            put(
                (String(repeating: "0", count: fits ? digits - text.utf8.count : 0) + (fits ? text : "0")).utf8,
                at: offset, limit: digits)
        }
        put(name, at: 0, limit: 100)
        put(octal: UInt64(entry?.mode ?? 0o644), at: 100, digits: 7)
        put(octal: UInt64(entry?.user ?? 0), at: 108, digits: 7)
        put(octal: UInt64(entry?.group ?? 0), at: 116, digits: 7)
        put(octal: UInt64(size), at: 124, digits: 11)
        put(octal: UInt64(max(0, entry?.modified.seconds ?? 0)), at: 136, digits: 11)
        put(repeatElement(UInt8(ascii: " "), count: 8), at: 148, limit: 8)
        block[156] = UInt8(ascii: type)
        put(link, at: 157, limit: 100)
        put("ustar\u{0}00".utf8, at: 257, limit: 8)
        if let device = entry?.device {
            put(octal: UInt64(device.major), at: 329, digits: 7)
            put(octal: UInt64(device.minor), at: 337, digits: 7)
        }
        put(octal: block.reduce(0) { $0 + UInt64($1) }, at: 148, digits: 6)
        block[154] = 0
        return block
    }
}
