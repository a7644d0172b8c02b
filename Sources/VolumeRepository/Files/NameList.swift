import Glibc

/// The names of a directory in the order of their bytes, taken from the front.
///
/// They lie one after the other in one piece of memory: a directory may have millions, and an array for each would take
/// three times as much.
struct NameList: Sequence, IteratorProtocol, Sendable {
    /// The names, each with a zero byte at its end.
    private var bytes: [UInt8] = []
    /// Where each begins.
    private var starts: [Int] = []
    private var position = 0

    init() {}

    /// Appends a name, before ``sort()``.
    mutating func append(_ name: UnsafePointer<CChar>) {
        starts.append(bytes.count)
        let length = strlen(name) + 1
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: name, count: length))
    }

    /// Puts them in order.
    mutating func sort() {
        bytes.withUnsafeBufferPointer { bytes in
            guard let base = UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self) else { return }
            // Bytes are compared without a sign, and the end of a name is less than all of them.
            starts.sort { strcmp(base + $0, base + $1) < 0 }
        }
    }

    var isEmpty: Bool { position == starts.count }

    /// The name in front; nil when there is none.
    var first: [UInt8]? { isEmpty ? nil : name(at: starts[position]) }

    /// Takes the name in front.
    mutating func next() -> [UInt8]? {
        guard let first else { return nil }
        position += 1
        return first
    }

    /// Puts back the names that were taken last, so that they come again.
    mutating func putBack(_ count: Int) { position -= Swift.min(count, position) }

    /// Takes names out, those that were taken from the front already included.
    mutating func removeAll(where isRemoved: ([UInt8]) -> Bool) {
        starts = starts.filter { !isRemoved(name(at: $0)) }
        position = 0
    }

    private func name(at start: Int) -> [UInt8] {
        var end = start
        while bytes[end] != 0 { end += 1 }
        return Array(bytes[start..<end])
    }
}
