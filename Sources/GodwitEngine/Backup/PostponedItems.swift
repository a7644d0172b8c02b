import GodwitModel

/// Items that are read only when the operations of plugins have ended, because those change them.
struct PostponedItems {
    private var order: [ItemIdentity] = []
    /// The items as they were when they were held back; nil for those that were not held back.
    private var heldBack: [ItemIdentity: Item?] = [:]

    /// Leaves an item to be read at the end.
    mutating func add(_ identity: ItemIdentity) {
        guard heldBack[identity] == nil else { return }
        heldBack.updateValue(nil, forKey: identity)
        order.append(identity)
    }

    /// Whether an item that is about to be written is to be read again at the end instead. It is kept until then: what
    /// cannot be read a second time is written as it was the first time.
    mutating func holdsBack(_ item: Item) -> Bool {
        guard heldBack[item.identity] != nil else { return false }
        heldBack.updateValue(item, forKey: item.identity)
        return true
    }

    /// Gives the items in the order in which they were named, each as it was when it was held back, and forgets them.
    mutating func release() -> [(identity: ItemIdentity, heldBack: Item?)] {
        defer { self = PostponedItems() }
        return order.map { ($0, heldBack[$0] ?? nil) }
    }
}
