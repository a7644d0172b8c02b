/// Takes further hard links out of a tree whose first link is missing: they have no content of their own.
struct LostLinks {
    private var lost: Set<[UInt8]> = []

    /// Removes such entries from an outcome, and reports each. Outcomes must come in path order.
    mutating func remove(from outcome: inout SegmentReader.Outcome) {
        lost.formUnion(outcome.lostLinks)
        guard !lost.isEmpty else { return }
        var kept: [TreeEntry] = []
        for entry in outcome.entries {
            if let first = entry.hardLink, lost.contains(first) {
                outcome.summary.files -= 1
                outcome.report(
                    entry.path, .missing,
                    "it is the same file as \(String(decoding: first, as: UTF8.self)), which could not be read")
            } else {
                kept.append(entry)
            }
        }
        outcome.entries = kept
    }
}
