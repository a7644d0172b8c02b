import CLibArchive

/// Owns a libarchive writer of pax tar, and the buffer that it writes to.
///
/// The format is "pax restricted": plain ustar headers, and pax headers only for what ustar cannot say.
final class ArchiveWriteHandle {
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private let locale: CallLocale
    /// The tar, as far as nobody has taken it.
    let buffer: GrowableBuffer

    /// A writer whose buffer has room for this many bytes before it grows.
    init(capacity: Int) throws(TarballError) {
        locale = try .utf8()
        guard let archive = archive_write_new() else {
            throw .system(operation: "write a tarball", reason: "out of memory")
        }
        guard let entry = archive_entry_new() else {
            archive_write_free(archive)
            throw .system(operation: "write a tarball", reason: "out of memory")
        }
        self.archive = archive
        self.entry = entry
        buffer = GrowableBuffer(capacity: capacity)
        archive_entry_set_filetype(entry, godwit_ae_ifreg)
        try check(archive_write_set_format_pax_restricted(archive))
        // No blocks: each write arrives at once, so the buffer's length is the position in the tar.
        try check(archive_write_set_bytes_per_block(archive, 0))
        try check(archive_write_set_bytes_in_last_block(archive, 1))
        try check(archive_write_open(archive, Unmanaged.passUnretained(buffer).toOpaque(), nil, appendToBuffer, nil))
    }

    deinit {
        archive_entry_free(entry)
        // Without this, freeing would write an end of archive that nobody asked for.
        archive_write_fail(archive)
        archive_write_free(archive)
    }

    /// Appends an entry, and returns the offset of its content in the buffer.
    func append(_ file: TarballEntry) throws(TarballError) -> Int {
        archive_entry_copy_pathname(entry, file.path)
        archive_entry_set_size(entry, Int64(file.content.count))
        archive_entry_set_mtime(entry, time_t(file.modified), 0)
        archive_entry_set_perm(entry, mode_t(file.mode & 0o7777))
        try check(locale.run { archive_write_header(archive, entry) })
        let offset = buffer.count
        if !file.content.isEmpty {
            let written = file.content.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
            guard written == file.content.count else { throw failure() }
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
