import Glibc

/// Reads a tree from pieces of its bytes, and checks that it is one.
///
/// Hostile input is refused with ``TreeError``: paths that leave the tree or are not in order, entries whose directory
/// is not there, contents that do not add up, numbers out of range, endless lines. Fields that it does not know are
/// passed over. Memory: the piece of a line that the last bytes ended in.
public struct TreeDecoder {
    /// The beginning of a line whose end has not come yet.
    private var pending: [UInt8] = []
    private var line = 0
    private var order = TreeOrder()
    /// Bytes of the last file that no extent covers yet.
    private var missing: Int64 = 0

    /// A decoder at the beginning of a tree.
    public init() {}

    /// Takes the next bytes of the tree, and gives what they complete.
    public mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ emit: (TreeEvent) -> Void
    ) throws(TreeError) {
        var start = 0
        if !pending.isEmpty {
            let length = Self.lineLength(bytes, from: 0)
            guard pending.count + (length ?? bytes.count) <= TreeLimits.line else { throw malformed("it is too long") }
            pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[..<(length ?? bytes.count)]))
            guard let length else { return }
            let whole = pending
            pending.removeAll(keepingCapacity: pending.count <= 1 << 16)
            try take(whole, emit)
            start = length + 1
        }
        while let length = Self.lineLength(bytes, from: start) {
            try take(UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]), emit)
            start += length + 1
        }
        guard bytes.count - start <= TreeLimits.line else { throw malformed("it is too long") }
        pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start...]))
    }

    /// The events that bytes complete.
    public mutating func events(in bytes: [UInt8]) throws(TreeError) -> [TreeEvent] {
        var events: [TreeEvent] = []
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(TreeError) in try feed(bytes) { events.append($0) } }
        }
        try result.get()
        return events
    }

    /// Says that all bytes have come.
    ///
    /// - Throws: ``TreeError/truncated(line:)`` when that is too early.
    public func finish() throws(TreeError) {
        guard pending.isEmpty, missing == 0, line > 0 else { throw .truncated(line: line + 1) }
    }

    private static func lineLength(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let end = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(end) - (base + start)
    }

    private mutating func take(_ bytes: [UInt8], _ emit: (TreeEvent) -> Void) throws(TreeError) {
        let result = bytes.withUnsafeBytes { bytes in Result { () throws(TreeError) in try take(bytes, emit) } }
        try result.get()
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer, _ emit: (TreeEvent) -> Void) throws(TreeError) {
        line += 1
        guard bytes.count <= TreeLimits.line else { throw .malformed(line: line, reason: "it is too long") }
        do throws(LineScanner.Fault) {
            switch try TreeLineParser.parse(bytes) {
            case .entry(let entry):
                guard missing == 0 else { throw LineScanner.Fault("the content of the file before is incomplete") }
                try order.check(entry)
                missing = entry.kind == .file && entry.hardLink == nil ? entry.size : 0
                try cover(entry.extents)
                emit(.entry(entry, isComplete: missing == 0))
            case .more(let extents):
                try cover(extents)
                emit(.extents(extents, isLast: missing == 0))
            }
        } catch {
            throw .malformed(line: line, reason: error.reason)
        }
    }

    private mutating func cover(_ extents: [Extent]) throws(LineScanner.Fault) {
        for extent in extents {
            guard extent.length <= missing else { throw LineScanner.Fault("there is more content than the size says") }
            missing -= extent.length
        }
    }

    private func malformed(_ reason: String) -> TreeError { .malformed(line: line + 1, reason: reason) }
}

/// Sees to it that entries come in path order, each after its directory.
struct TreeOrder {
    private var last: [UInt8] = []
    private var isEmpty = true
    /// The lengths of the paths of the directories that the last entry is or is in, without the root.
    private var directories: [Int] = []

    mutating func check(_ entry: TreeEntry) throws(LineScanner.Fault) {
        if isEmpty {
            guard entry.path.isEmpty else { throw LineScanner.Fault("the tree does not begin with its root") }
            isEmpty = false
            return
        }
        guard isBeforeInPathOrder(last, entry.path) else { throw LineScanner.Fault("the paths are not in order") }
        let parent = TreePath.parentLength(of: entry.path)
        while let directory = directories.last, directory > parent { directories.removeLast() }
        guard (directories.last ?? 0) == parent, last.prefix(parent) == entry.path.prefix(parent) else {
            throw LineScanner.Fault("an entry's directory is missing")
        }
        if entry.kind == .directory { directories.append(entry.path.count) }
        last = entry.path
    }
}
