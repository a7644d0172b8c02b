import CLibArchive

/// Owns a libarchive writer of one tar format, which writes to a buffer as soon as it is called.
final class TarFormatter {
    /// The formats that entries are written in; they mix in one tar.
    enum Format {
        /// Plain headers.
        case ustar
        /// Plain headers, and pax headers before them for what they cannot say.
        case paxRestricted
    }

    private let archive: OpaquePointer
    private let buffer: GrowableBuffer

    init(_ format: Format, buffer: GrowableBuffer) throws(TarballError) {
        guard let archive = archive_write_new() else {
            throw .system(operation: "write a tarball", reason: "out of memory")
        }
        self.archive = archive
        self.buffer = buffer
        switch format {
        case .ustar: try check(archive_write_set_format_ustar(archive))
        case .paxRestricted: try check(archive_write_set_format_pax_restricted(archive))
        }
        // No blocks: each write arrives at once, so the buffer's length is the position in the tar.
        try check(archive_write_set_bytes_per_block(archive, 0))
        try check(archive_write_set_bytes_in_last_block(archive, 1))
        try check(archive_write_open(archive, Unmanaged.passUnretained(buffer).toOpaque(), nil, appendToBuffer, nil))
    }

    deinit {
        // Without this, freeing would write an end of archive that nobody asked for.
        archive_write_fail(archive)
        archive_write_free(archive)
    }

    /// Appends an entry, and returns the offset of its content in the buffer.
    func append(_ header: OpaquePointer, content: [UInt8]) throws(TarballError) -> Int {
        try check(archive_write_header(archive, header))
        let offset = buffer.count
        if !content.isEmpty {
            let written = content.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
            guard written == content.count else { throw failure() }
        }
        try check(archive_write_finish_entry(archive))
        return offset
    }

    /// Appends the end of the archive.
    func close() throws(TarballError) { try check(archive_write_close(archive)) }

    // A warning is an error too: it says that an entry was not written as it was given.
    private func check(_ result: Int32) throws(TarballError) {
        guard result == ARCHIVE_OK else { throw failure() }
    }

    private func failure() -> TarballError {
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "libarchive gave no reason"
        return .system(operation: "write a tarball", reason: reason)
    }
}

/// What libarchive calls to write; the context is the buffer.
private func appendToBuffer(
    _: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ bytes: UnsafeRawPointer?, _ length: Int
) -> Int {
    guard let context, let bytes else { return -1 }
    Unmanaged<GrowableBuffer>.fromOpaque(context).takeUnretainedValue().append(bytes, length)
    return length
}
