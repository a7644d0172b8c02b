/// The names of one directory in the order of the keys below them, a bounded number at a time.
///
/// A directory's keys all begin with its name and a `/`, so a directory sorts as if its name ended with that: `a.b`
/// comes before `a/…`, which comes before `ab`. A directory of any size is read in windows: when one is used up, the
/// directory is read again for the names after it. So memory is bounded, and a directory below the limit is read once.
struct NameWindow: Sendable {
    /// Names held at once. A window costs about 100 bytes a name.
    static let limit = 32_768

    /// What sorts as an entry: its name, with a `/` at its end for a directory.
    typealias SortName = [UInt8]

    private var names: [SortName] = []
    private var next = 0
    private var isLast = false

    /// Reads the smallest names that are after `position` and wanted.
    init(
        of directory: Descriptor, after position: SortName?, where isWanted: (SortName) -> Bool,
        limit: Int = NameWindow.limit
    ) throws(SystemError) {
        var found: [SortName] = []
        var ceiling: SortName?
        var dropped = false
        try directory.forEachEntry { entry throws(SystemError) in
            let name = entry.isDirectory ? entry.name + [UInt8(ascii: "/")] : entry.name
            if let position, !Self.precedes(position, name) { return }
            if let ceiling, !Self.precedes(name, ceiling) {
                dropped = true
                return
            }
            guard isWanted(name) else { return }
            found.append(name)
            // Twice the limit gathers before the larger half goes: that costs a sort a window, not a name.
            if found.count >= 2 * limit {
                found.sort(by: Self.precedes)
                found.removeSubrange(limit...)
                ceiling = found.last
                dropped = true
            }
        }
        found.sort(by: Self.precedes)
        if found.count > limit {
            found.removeSubrange(limit...)
            dropped = true
        }
        names = found
        isLast = !dropped
    }

    /// The next name; nil when the window is used up.
    mutating func popFirst() -> SortName? {
        guard next < names.count else { return nil }
        next += 1
        return names[next - 1]
    }

    /// Puts the name that was taken last back.
    mutating func unpop() { next -= 1 }

    /// Where the next window begins; nil when there is none.
    var continuation: SortName? { isLast ? nil : names.last }

    private static func precedes(_ left: SortName, _ right: SortName) -> Bool {
        left.lexicographicallyPrecedes(right)
    }
}
