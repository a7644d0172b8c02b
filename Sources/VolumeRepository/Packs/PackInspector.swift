import GodwitModel

/// Looks into the bytes of a whole pack, which may be anything.
struct PackInspector {
    let codec: BlockCodec

    private var isSealed: Bool { codec.cipher.isEncrypting }

    /// Whether a pack is, byte for byte, the tar that holds these chunks, and each of them is what its id says. Blocks.
    ///
    /// - Returns: what is wrong, and the chunk that it is wrong with, if it is one.
    func flaws(of bytes: [UInt8], contents: PackContents) -> [(reason: String, chunk: ChunkID?)] {
        var flaws: [(String, ChunkID?)] = []
        bytes.withUnsafeBytes { bytes in
            var position = 0
            var hasGap = false
            for chunk in contents.chunks.sorted(by: { $0.offset < $1.offset }) {
                let start = Int(chunk.offset)
                let end = start + Int(chunk.length)
                guard start >= position + TarHeader.block, end <= bytes.count else {
                    flaws.append(("chunk \(chunk.id) is not where the index says", chunk.id))
                    continue
                }
                if start > position + TarHeader.block { hasGap = true }
                position = start - TarHeader.block
                let name = PackNames.chunk(chunk.id, sealed: isSealed)
                if !isHeader(bytes, at: position, name: name, size: end - start) {
                    flaws.append(("the header of chunk \(chunk.id) is damaged", nil))
                }
                do {
                    let stored = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                    _ = try codec.decode(chunk: stored, id: chunk.id, size: Int(chunk.contentLength))
                } catch {
                    flaws.append(("\(error)", chunk.id))
                }
                position = end + TarHeader.padding(after: end - start)
                if !isZero(bytes, end..<position) { flaws.append(("it is damaged behind chunk \(chunk.id)", nil)) }
            }
            // A repair has left out what it found damaged.
            if hasGap {
                flaws.append(("a part of it is in no index", nil))
            } else if let reason = flawOfIndex(bytes, at: position, contents) {
                flaws.append((reason, nil))
            }
        }
        return flaws
    }

    /// The chunks of a pack as its own index says, from the pack's last bytes.
    ///
    /// - Parameters:
    ///   - tail: the last bytes of the pack, a whole number of blocks.
    ///   - size: of the whole pack.
    /// - Returns: nil when there is no index there that can be used.
    func ownIndex(in tail: [UInt8], of id: PackID, size: UInt32) -> PackContents? {
        tail.withUnsafeBytes { tail in
            let name = PackNames.index(sealed: isSealed)
            var start = tail.count - TarHeader.end - TarHeader.block
            // From the end, because a chunk's content may look like an index.
            while start >= 0 {
                if let (found, length) = header(tail, at: start), found == name,
                    start + TarHeader.block + length + TarHeader.padding(after: length) + TarHeader.end == tail.count
                {
                    let content = start + TarHeader.block
                    return index(UnsafeRawBufferPointer(rebasing: tail[content..<(content + length)]), id, size)
                }
                start -= TarHeader.block
            }
            return nil
        }
    }

    /// The chunks of a pack as its tar headers say, each one verified. What is damaged is passed over. Blocks.
    func walk(_ bytes: [UInt8], of id: PackID) -> PackContents {
        var chunks: [PackedChunk] = []
        bytes.withUnsafeBytes { bytes in
            var position = 0
            while position + TarHeader.block <= bytes.count {
                guard let (name, length) = header(bytes, at: position),
                    let chunk = PackNames.chunkID(name, sealed: isSealed), length <= BlockCodec.maximumStored,
                    position + TarHeader.block + length <= bytes.count
                else {
                    position += TarHeader.block
                    continue
                }
                let start = position + TarHeader.block
                let stored = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + length)])
                guard let content = try? codec.decode(chunk: stored, id: chunk) else {
                    position += TarHeader.block
                    continue
                }
                chunks.append(
                    PackedChunk(
                        id: chunk, offset: UInt32(start), length: UInt32(length), contentLength: UInt32(content.count)))
                position = start + length + TarHeader.padding(after: length)
            }
        }
        return PackContents(id: id, size: UInt32(bytes.count), chunks: chunks)
    }

    private func index(_ stored: UnsafeRawBufferPointer, _ id: PackID, _ size: UInt32) -> PackContents? {
        do {
            var text = Array(stored)
            if isSealed {
                text = try codec.decode(
                    document: text, context: RepositoryLayout.context("pack", id), key: RepositoryLayout.pack(id))
            }
            return PackContents(id: id, size: size, chunks: try IndexText.chunks(text, packSize: size))
        } catch {
            // The caller walks the pack instead.
            return nil
        }
    }

    private func flawOfIndex(_ bytes: UnsafeRawBufferPointer, at position: Int, _ contents: PackContents) -> String? {
        guard let (name, length) = header(bytes, at: position), name == PackNames.index(sealed: isSealed),
            isHeader(bytes, at: position, name: name, size: length)
        else { return "the header of its index is damaged" }
        let start = position + TarHeader.block
        let end = start + length + TarHeader.padding(after: length)
        guard end + TarHeader.end == bytes.count, isZero(bytes, (start + length)..<end),
            isZero(bytes, end..<bytes.count)
        else { return "its end is damaged" }
        let own = index(
            UnsafeRawBufferPointer(rebasing: bytes[start..<(start + length)]), contents.id, contents.size)
        return own == contents ? nil : "its own index is damaged, or not the one of the repository"
    }

    private func header(_ bytes: UnsafeRawBufferPointer, at position: Int) -> (name: [UInt8], size: Int)? {
        guard position >= 0, position + TarHeader.block <= bytes.count else { return nil }
        return TarHeader.parse(UnsafeRawBufferPointer(rebasing: bytes[position..<(position + TarHeader.block)]))
    }

    private func isHeader(_ bytes: UnsafeRawBufferPointer, at position: Int, name: [UInt8], size: Int) -> Bool {
        guard position + TarHeader.block <= bytes.count else { return false }
        var expected: [UInt8] = []
        TarHeader.append(name: name, size: size, to: &expected)
        return bytes[position..<(position + TarHeader.block)].elementsEqual(expected)
    }

    private func isZero(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        range.upperBound <= bytes.count && bytes[range].allSatisfy { $0 == 0 }
    }
}
