/// What the repository needs to know of zstd frames without libzstd (RFC 8878).
enum ZstdFrame {
    /// The largest raw block.
    private static let maximumBlock = 128 << 10

    /// The bytes of a frame that holds so many bytes of content as they are.
    static func rawSize(of count: Int) -> Int { 9 + 3 * blocks(count) + count }

    /// Writes a frame that holds content as it is, for what would not get smaller: any zstd program reads it.
    ///
    /// - Parameter output: at least ``rawSize(of:)`` bytes.
    /// - Returns: the bytes of the frame.
    static func raw(_ content: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        // Magic, then: one segment, four bytes of content size, no checksum, no dictionary.
        output.copyBytes(from: [0x28, 0xB5, 0x2F, 0xFD, 0xA0] as [UInt8])
        output.storeBytes(of: UInt32(content.count).littleEndian, toByteOffset: 5, as: UInt32.self)
        var position = 9
        let blocks = blocks(content.count)
        for block in 0..<blocks {
            let start = block * maximumBlock
            let end = min(start + maximumBlock, content.count)
            // Size, type 0 (raw), and whether it is the last.
            let header = (end - start) << 3 | (block == blocks - 1 ? 1 : 0)
            for shift in [0, 8, 16] {
                output[position] = UInt8(truncatingIfNeeded: header >> shift)
                position += 1
            }
            UnsafeMutableRawBufferPointer(rebasing: output[position..<(position + end - start)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: content[start..<end]))
            position += end - start
        }
        return position
    }

    private static func blocks(_ count: Int) -> Int { max(1, (count + maximumBlock - 1) / maximumBlock) }

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
