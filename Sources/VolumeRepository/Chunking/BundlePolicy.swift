/// Which small files share a chunk.
///
/// Small files in path order go into one chunk until it is full. Where a bundle ends depends on the names of the files
/// around and not on their position, so that after an insertion, in a copy or in a moved directory the following
/// bundles are the same again.
struct BundlePolicy: Sendable {
    /// Files of up to this many bytes share chunks; larger ones are cut by their content.
    static let largestMember: Int64 = 256 << 10
    /// From this size on a bundle ends after a file whose name says so.
    static let minimum: Int64 = 1 << 20
    /// A bundle ends once it has this size; with its last member it still fits in a chunk.
    static let maximum = Int64(ChunkLimits.maximumContent) - largestMember
    /// One file name in so many ends a bundle.
    static let divisor: UInt64 = 32

    /// Whether a bundle of this size ends with the file of this name.
    static func ends(size: Int64, lastName name: some Sequence<UInt8>) -> Bool {
        if size >= maximum { return true }
        guard size >= minimum else { return false }
        // FNV-1a, whose lower bits are good enough to choose one in 32.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return (hash ^ hash >> 32) % divisor == 0
    }
}
