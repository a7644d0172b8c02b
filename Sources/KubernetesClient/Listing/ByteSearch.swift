/// Searches in bytes, eight at a time.
enum ByteSearch {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The index of the first quote or backslash at or after `start`, or `end`.
    @inline(__always)
    static func quoteOrBackslash(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        let raw = UnsafeRawPointer(base)
        var index = start
        while index + 8 <= end {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found = zeroBytes(word ^ (ones &* 0x22)) | zeroBytes(word ^ (ones &* 0x5C))
            if found != 0 { return index + (found.trailingZeroBitCount >> 3) }
            index += 8
        }
        while index < end, base[index] != 0x22, base[index] != 0x5C { index += 1 }
        return index
    }

    /// The highest bit of the lowest zero byte is set; bits above it may be wrong.
    @inline(__always)
    private static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }
}
