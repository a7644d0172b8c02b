import GodwitModel

/// Which items have been seen, in 16 bytes each: two keyed 64-bit hashes, so that no item is ever taken for another
/// (with a hundred million items the chance is below one in 10^22).
struct IdentitySet: Sendable {
    private var hashes: Set<UInt128> = []

    /// Notes an item; false when it had been noted before.
    mutating func insert(_ identity: ItemIdentity) -> Bool { hashes.insert(Self.hash(identity)).inserted }

    /// Whether an item has been noted.
    func contains(_ identity: ItemIdentity) -> Bool { hashes.contains(Self.hash(identity)) }

    private static func hash(_ identity: ItemIdentity) -> UInt128 {
        var first = Hasher()
        first.combine(identity)
        var second = Hasher()
        second.combine(UInt64(0x9E37_79B9_7F4A_7C15))
        second.combine(identity)
        return UInt128(UInt64(bitPattern: Int64(first.finalize()))) << 64
            | UInt128(UInt64(bitPattern: Int64(second.finalize())))
    }
}
