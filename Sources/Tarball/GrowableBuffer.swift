/// Bytes at the end of which C libraries write, and from the front of which pieces are taken.
///
/// It exists because an array's storage cannot be lent to a C library past one call.
final class GrowableBuffer {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private var end = 0
    private var start = 0

    /// An empty buffer with room for this many bytes.
    init(capacity: Int) {
        self.capacity = max(capacity, 4096)
        base = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// The number of bytes that have not been taken.
    var count: Int { end - start }

    /// The bytes that have not been taken; valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base + start, count: count) }

    /// Adds a copy of some bytes.
    func append(_ bytes: UnsafeRawPointer, _ length: Int) {
        reserve(length)
        (base + end).copyMemory(from: bytes, byteCount: length)
        end += length
    }

    /// Lends room for up to `length` bytes at the end and keeps as many of them as the body says it has written.
    func append(upTo length: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows {
        reserve(length)
        end += try body(UnsafeMutableRawBufferPointer(start: base + end, count: length))
    }

    /// Takes up to this many bytes from the front.
    func take(_ length: Int) -> [UInt8] {
        let taken = [UInt8](UnsafeRawBufferPointer(start: base + start, count: min(length, count)))
        start += taken.count
        if start == end { removeAll() }
        return taken
    }

    /// Drops all bytes, and the memory too when it has grown past `limit`.
    func removeAll(releasingAbove limit: Int = 16 << 20) {
        start = 0
        end = 0
        guard capacity > limit else { return }
        base.deallocate()
        capacity = limit
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    private func reserve(_ length: Int) {
        guard capacity - end < length else { return }
        let needed = count + length
        if needed <= capacity, start >= count {
            base.copyMemory(from: base + start, byteCount: count)
        } else {
            capacity = max(needed, 2 * capacity)
            let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
            grown.copyMemory(from: base + start, byteCount: count)
            base.deallocate()
            base = grown
        }
        end -= start
        start = 0
    }
}
