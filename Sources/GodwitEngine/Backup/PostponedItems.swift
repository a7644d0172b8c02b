import GodwitModel

/// Items that are read only when the operations of plugins have ended, because those change them.
struct PostponedItems {
    private var order: [ItemIdentity] = []
    private var isHeldBack: [ItemIdentity: Bool] = [:]

    /// Leaves an item to be read at the end.
    mutating func add(_ identity: ItemIdentity) {
        guard isHeldBack[identity] == nil else { return }
        isHeldBack[identity] = false
        order.append(identity)
    }

    /// Whether an item that is about to be written is to be read at the end instead; notes that it was not written.
    mutating func holdsBack(_ identity: ItemIdentity) -> Bool {
        guard isHeldBack[identity] != nil else { return false }
        isHeldBack[identity] = true
        return true
    }

    /// Gives the items in the order in which they were named, each with whether it was held back, and forgets them.
    mutating func release() -> [(identity: ItemIdentity, isHeldBack: Bool)] {
        defer { self = PostponedItems() }
        return order.map { ($0, isHeldBack[$0] ?? false) }
    }
}
