import GodwitModel

@testable import VolumeRepository

// The tree of a snapshot: the stream of lines that a restore follows.
extension Harness {
    static let tree = [
        Harness(name: "tree", seeds: { [try HonestTree.bytes] }, run: readTree),
        Harness(
            name: "base64", maximumLength: 64, seeds: { [Array("AAEC".utf8), Array("/w==".utf8)] }, run: readBase64),
    ]

    private static func readTree(_ bytes: [UInt8]) throws {
        let whole = try events(in: [bytes])
        let parts = try events(in: pieces(of: bytes))
        try require(whole.events == parts.events, "a tree that comes in pieces is another tree")
        guard whole.isComplete else { return }
        try require(parts.isComplete, "a tree is complete at once and not in pieces")

        var encoder = TreeEncoder()
        var text: [UInt8] = []
        for event in whole.events {
            switch event {
            case .entry(let entry, _): try encoder.append(entry, to: &text)
            case .extents(let extents, _): try encoder.append(extents, to: &text)
            }
        }
        try require(encoder.isComplete, "a tree is not complete when it is written again")
        let again = try events(in: [text])
        try require(again.isComplete && again.events == whole.events, "a tree changes when it is written again")
    }

    /// What a decoder brought until it refused to go on.
    private static func events(in pieces: [[UInt8]]) throws -> (events: [TreeEvent], isComplete: Bool) {
        var decoder = TreeDecoder()
        var events: [TreeEvent] = []
        let finished: Void? = try accepting(TreeError.self) {
            for piece in pieces {
                try piece.withUnsafeBytes { bytes in try decoder.feed(bytes) { events.append($0) } }
            }
            try decoder.finish()
        }
        return (events, finished != nil)
    }

    private static func readBase64(_ digits: [UInt8]) throws {
        guard let bytes = Base64.decode(digits) else { return }
        var again: [UInt8] = []
        Base64.append(bytes, to: &again)
        try require(again == digits, "base64 that is written in another way was accepted")
    }
}

/// A tree with an entry of each kind.
enum HonestTree {
    static let chunk = ChunkID(words: (1, 2, 3, 4))

    static var entries: [TreeEntry] {
        var entries = [
            entry("", .directory), entry("dev", .blockDevice), entry("dir", .directory), entry("dir/fifo", .fifo),
            entry("dir/file", .file), entry("dir/hole", .file), entry("dir/link", .file), entry("ln", .symlink),
        ]
        entries[1].device = (259, 3)
        entries[4].size = 30
        entries[4].links = 2
        entries[4].extents = [.chunk(chunk, offset: 0, length: 10), .chunk(chunk, offset: 5, length: 20)]
        entries[4].contentID = chunk
        entries[4].attributes = [
            TreeEntry.Attribute(name: Array("user.a".utf8), value: [1, 2]),
            TreeEntry.Attribute(name: [0x75, 0x73, 0x65, 0x72, 0x2E, 0xFF], value: []),
        ]
        entries[5].size = 4096
        entries[5].extents = [.hole(length: 4096)]
        entries[6].hardLink = entries[4].path
        entries[6].size = 30
        entries[6].links = 2
        entries[7].target = [0x2F, 0xFE]
        return entries
    }

    static var bytes: [UInt8] {
        get throws {
            var encoder = TreeEncoder()
            var bytes: [UInt8] = []
            for entry in entries { try encoder.append(entry, to: &bytes) }
            return bytes
        }
    }

    private static func entry(_ path: String, _ kind: TreeEntry.Kind) -> TreeEntry {
        TreeEntry(
            path: Array(path.utf8), kind: kind, mode: 0o644, user: 0, group: 7,
            modified: TreeEntry.Time(seconds: -1, nanoseconds: 5), changed: TreeEntry.Time(seconds: 9, nanoseconds: 0),
            inode: 12)
    }
}
