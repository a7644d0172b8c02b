import CLinux
import Glibc

/// A stretch of a file, as the file system keeps it.
public enum FileRegion: Sendable, Hashable {
    /// Bytes that were written.
    case data(Range<Int64>)
    /// Bytes that were never written and read as zero.
    case hole(Range<Int64>)
}

extension FileDescriptor {
    /// Reads until the buffer is full or the file ends, and returns the bytes read; nil with `errno` set on failure.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int? {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let result = pread(number, base + filled, buffer.count - filled, off_t(offset) + off_t(filled))
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { return nil }
            if result == 0 { break }
            filled += result
        }
        return filled
    }

    /// Writes all bytes; false with `errno` set on failure.
    func write(_ buffer: UnsafeRawBufferPointer, at offset: Int64) -> Bool {
        var written = 0
        while written < buffer.count, let base = buffer.baseAddress {
            let result = pwrite(number, base + written, buffer.count - written, off_t(offset) + off_t(written))
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { return false }
            written += result
        }
        return true
    }

    /// The stretch that begins at an offset below `size`. A file system that knows no holes has data only.
    func region(at offset: Int64, size: Int64) -> FileRegion {
        let data = lseek(number, off_t(offset), Int32(godwit_seek_data))
        if data < 0 {
            // No more data after the offset, or a system without such a call.
            return errno == ENXIO ? .hole(offset..<size) : .data(offset..<size)
        }
        if data > offset { return .hole(offset..<min(Int64(data), size)) }
        let hole = lseek(number, off_t(offset), Int32(godwit_seek_hole))
        return .data(offset..<(hole > offset ? min(Int64(hole), size) : size))
    }
}
