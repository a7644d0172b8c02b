import CLibArchive

/// Writes pax tar to a buffer: plain ustar headers, and pax headers only for what ustar cannot say.
final class ArchiveWriteHandle {
    private let header: OpaquePointer
    private let locale: CallLocale
    // libarchive's pax writer could write all entries, but needs four times as long for each as its ustar writer, even
    // where both write the same bytes; that is a quarter of the time of a backup of small items.
    private let ustar: TarFormatter
    private let pax: TarFormatter
    /// The tar, as far as nobody has taken it.
    let buffer: GrowableBuffer

    /// A writer whose buffer has room for this many bytes before it grows.
    init(capacity: Int) throws(TarballError) {
        locale = try .utf8()
        buffer = GrowableBuffer(capacity: capacity)
        ustar = try TarFormatter(.ustar, buffer: buffer)
        pax = try TarFormatter(.paxRestricted, buffer: buffer)
        guard let header = archive_entry_new() else {
            throw .system(operation: "write a tarball", reason: "out of memory")
        }
        self.header = header
        archive_entry_set_filetype(header, godwit_ae_ifreg)
    }

    deinit { archive_entry_free(header) }

    /// Appends an entry, and returns the offset of its content in the buffer.
    func append(_ file: TarballEntry) throws(TarballError) -> Int {
        archive_entry_copy_pathname(header, file.path)
        archive_entry_set_size(header, Int64(file.content.count))
        archive_entry_set_mtime(header, time_t(file.modified), 0)
        archive_entry_set_perm(header, mode_t(file.mode & 0o7777))
        if Self.fitsUstar(file) { return try ustar.append(header, content: file.content) }
        let result = locale.run { () in
            Result { () throws(TarballError) in try pax.append(header, content: file.content) }
        }
        return try result.get()
    }

    /// Appends the end of the archive.
    func close() throws(TarballError) { try pax.close() }

    /// Whether a plain header without a name prefix can say all; longer names are left to the pax writer to judge.
    private static func fitsUstar(_ file: TarballEntry) -> Bool {
        file.path.utf8.count <= 100 && file.path.utf8.allSatisfy { $0 < 0x80 }
            && (0..<0x7FFF_FFFF).contains(file.modified) && file.content.count < 1 << 33
    }
}
