/// The lines of index objects and of packs' own indexes.
///
/// They are JSON of one fixed form without white space, so that ten million chunks are read in seconds:
///
///     {"pack":"<32 digits>","size":<number>,"chunks":[["<64 digits>",<offset>,<length>,<content length>],...]}
enum IndexText {
    /// Appends the line of a pack, with its line end.
    static func append(_ pack: PackContents, to output: inout [UInt8]) {
        output.append(contentsOf: "{\"pack\":\"".utf8)
        pack.id.appendHex(to: &output)
        output.append(contentsOf: "\",\"size\":".utf8)
        append(pack.size, to: &output)
        output.append(contentsOf: ",\"chunks\":[".utf8)
        for (index, chunk) in pack.chunks.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            append(chunk, to: &output)
        }
        output.append(contentsOf: "]}\n".utf8)
    }

    /// Appends `["<64 digits>",<offset>,<length>,<content length>]`.
    static func append(_ chunk: PackedChunk, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        output.append(UInt8(ascii: "\""))
        let words = chunk.id.bigEndianWords
        for word in [words.0, words.1, words.2, words.3] { Hexadecimal.append(word, to: &output) }
        output.append(UInt8(ascii: "\""))
        for number in [chunk.offset, chunk.length, chunk.contentLength] {
            output.append(UInt8(ascii: ","))
            append(number, to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func append(_ number: UInt32, to output: inout [UInt8]) {
        output.append(contentsOf: String(number).utf8)
    }

    /// Calls a function with each pack of an index object.
    ///
    /// - Throws: ``IndexFlaw`` where the text is not of the form, or says what cannot be.
    static func forEachPack(_ text: [UInt8], _ body: (PackContents) throws -> Void) throws {
        try text.withUnsafeBufferPointer { text in
            var scanner = IndexScanner(text)
            while !scanner.isAtEnd { try body(try scanner.pack()) }
        }
    }

    /// The chunks of a pack's own index.
    ///
    /// - Throws: ``IndexFlaw``.
    static func chunks(_ text: [UInt8], packSize: UInt32) throws -> [PackedChunk] {
        try text.withUnsafeBufferPointer { text throws(IndexFlaw) in
            var scanner = IndexScanner(text)
            var chunks: [PackedChunk] = []
            while !scanner.isAtEnd {
                chunks.append(try scanner.chunk(packSize: packSize))
                try scanner.expect("\n")
            }
            return chunks
        }
    }
}

/// Text that is no index.
struct IndexFlaw: Error, Sendable {
    /// What is wrong.
    let reason: String
}

/// Reads the fixed form, trusting nothing.
private struct IndexScanner {
    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    var isAtEnd: Bool { position == text.count }

    mutating func pack() throws(IndexFlaw) -> PackContents {
        try expect("{\"pack\":\"")
        let id = PackID(high: try word(), low: try word())
        try expect("\",\"size\":")
        let size = try number()
        try expect(",\"chunks\":[")
        var chunks: [PackedChunk] = []
        if !accept("]") {
            repeat { chunks.append(try chunk(packSize: size)) } while accept(",")
            try expect("]")
        }
        try expect("}\n")
        return PackContents(id: id, size: size, chunks: chunks)
    }

    mutating func chunk(packSize: UInt32) throws(IndexFlaw) -> PackedChunk {
        try expect("[\"")
        let id = ChunkID(words: (try word(), try word(), try word(), try word()))
        try expect("\",")
        let offset = try number()
        try expect(",")
        let length = try number()
        try expect(",")
        let contentLength = try number()
        try expect("]")
        guard length > 0, UInt64(offset) + UInt64(length) <= UInt64(packSize),
            length <= BlockCodec.maximumStored, contentLength <= ChunkLimits.maximumContent
        else { throw IndexFlaw(reason: "a chunk that cannot be at byte \(position)") }
        return PackedChunk(id: id, offset: offset, length: length, contentLength: contentLength)
    }

    mutating func expect(_ literal: StaticString) throws(IndexFlaw) {
        guard accept(literal) else { throw IndexFlaw(reason: "not the text of an index at byte \(position)") }
    }

    private mutating func accept(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard text.count - position >= count else { return false }
        for index in 0..<count where text[position + index] != literal.utf8Start[index] { return false }
        position += count
        return true
    }

    private mutating func word() throws(IndexFlaw) -> UInt64 {
        guard let word = Hexadecimal.word(text, at: position) else {
            throw IndexFlaw(reason: "no id at byte \(position)")
        }
        position += 16
        return word
    }

    private mutating func number() throws(IndexFlaw) -> UInt32 {
        let start = position
        var number: UInt64 = 0
        while position < text.count, position - start < 10, (0x30...0x39).contains(text[position]) {
            number = number * 10 + UInt64(text[position] - 0x30)
            position += 1
        }
        guard position > start, let value = UInt32(exactly: number) else {
            throw IndexFlaw(reason: "no number at byte \(start)")
        }
        return value
    }
}
