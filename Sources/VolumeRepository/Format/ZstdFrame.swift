/// What the repository needs to know of zstd frames without libzstd (RFC 8878).
enum ZstdFrame {
    /// The largest raw block.
    private static let maximumBlock = 128 << 10

    /// A frame that holds content as it is, for what would not get smaller: any zstd program reads it.
    static func raw(_ content: UnsafeRawBufferPointer) -> [UInt8] {
        let blocks = max(1, (content.count + maximumBlock - 1) / maximumBlock)
        var frame: [UInt8] = []
        frame.reserveCapacity(9 + 3 * blocks + content.count)
        // Magic, then: one segment, four bytes of content size, no checksum, no dictionary.
        frame.append(contentsOf: [0x28, 0xB5, 0x2F, 0xFD, 0xA0])
        for shift in [0, 8, 16, 24] { frame.append(UInt8(truncatingIfNeeded: content.count >> shift)) }
        for block in 0..<blocks {
            let start = block * maximumBlock
            let end = min(start + maximumBlock, content.count)
            // Size, type 0 (raw), and whether it is the last.
            let header = (end - start) << 3 | (block == blocks - 1 ? 1 : 0)
            for shift in [0, 8, 16] { frame.append(UInt8(truncatingIfNeeded: header >> shift)) }
            frame.append(contentsOf: UnsafeRawBufferPointer(rebasing: content[start..<end]))
        }
        return frame
    }

    /// The content size that a frame declares; nil when it declares none or is no frame. Not to be trusted.
    static func declaredSize(_ frame: UnsafeRawBufferPointer) -> UInt64? {
        guard frame.count >= 6, frame.loadUnaligned(as: UInt32.self).littleEndian == 0xFD2F_B528 else { return nil }
        let descriptor = frame[4]
        let isSingleSegment = descriptor & 0x20 != 0
        let dictionaryBytes = [0, 1, 2, 4][Int(descriptor & 3)]
        let sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
        let offset = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes
        guard sizeBytes > 0, offset + sizeBytes <= frame.count else { return nil }
        var size: UInt64 = 0
        for index in (0..<sizeBytes).reversed() { size = size << 8 | UInt64(frame[offset + index]) }
        return sizeBytes == 2 ? size + 256 : size
    }
}
