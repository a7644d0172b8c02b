import CLibArchive
import Glibc

/// Owns a libarchive reader of tar.
final class ArchiveReadHandle {
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private let source: TarSource
    private let locale: CallLocale
    private var isOpen = false

    init(_ source: TarSource) throws(TarballError) {
        self.source = source
        locale = try .ascii()
        guard let archive = archive_read_new() else {
            throw .system(operation: "read a tarball", reason: "out of memory")
        }
        guard let entry = archive_entry_new() else {
            archive_read_free(archive)
            throw .system(operation: "read a tarball", reason: "out of memory")
        }
        self.archive = archive
        self.entry = entry
    }

    deinit {
        archive_entry_free(entry)
        archive_read_free(archive)
    }

    /// The header of the current entry.
    struct Header {
        let kind: TarballReader.Kind
        let size: Int64
        let mode: UInt16
        let modified: Int64
        let linkTarget: String?
        /// Whether the content has holes, and so is not in the tar as it is.
        let isSparse: Bool
        /// Where the header begins in the tar.
        let position: Int64
        /// Where the content begins in the tar.
        let contentPosition: Int64
    }

    /// The next entry, or nil at the end of the archive.
    func nextHeader() throws -> Header? {
        if !isOpen { try open() }
        let result = locale.run { archive_read_next_header2(archive, entry) }
        if result == ARCHIVE_EOF {
            if let failure = source.failure { throw failure }
            try checkEnd()
            return nil
        }
        if !(result == ARCHIVE_WARN && keptNamesAsTheyAre) { try check(result) }
        let kind = kind()
        return Header(
            kind: kind, size: archive_entry_size(entry), mode: UInt16(archive_entry_perm(entry) & 0o7777),
            modified: Int64(archive_entry_mtime(entry)), linkTarget: linkTarget(),
            isSparse: archive_entry_sparse_count(entry) > 0,
            position: archive_read_header_position(archive), contentPosition: archive_filter_bytes(archive, 0))
    }

    /// The path of the current entry, checked.
    func path(isDirectory: Bool, maximumLength: Int) throws(TarballError) -> String {
        guard let path = archive_entry_pathname(entry) else {
            throw .corrupted(offset: source.compressedLength, reason: "an entry has no name")
        }
        let bytes = UnsafeRawBufferPointer(start: path, count: strlen(path)).bindMemory(to: UInt8.self)
        return try EntryPath.normalized(bytes, isDirectory: isDirectory, maximumLength: maximumLength)
    }

    /// The content of the current entry, which is this long.
    func content(_ size: Int) throws -> [UInt8] {
        var content: [UInt8] = []
        // A declared size is believed up to here; after that the bytes themselves are waited for.
        content.reserveCapacity(min(size, 1 << 20))
        while true {
            var bytes: UnsafeRawPointer?
            var length = 0
            var offset: Int64 = 0
            let result = archive_read_data_block(archive, &bytes, &length, &offset)
            if result == ARCHIVE_EOF { break }
            try check(result)
            // Offsets jump over the holes of a sparse file.
            guard offset >= content.count, offset <= size, length <= size - Int(offset) else { throw damage() }
            content.append(contentsOf: repeatElement(0, count: Int(offset) - content.count))
            content.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: length))
        }
        content.append(contentsOf: repeatElement(0, count: size - content.count))
        return content
    }

    private func open() throws {
        isOpen = true
        try check(archive_read_support_format_tar(archive))
        try check(archive_read_open(archive, Unmanaged.passUnretained(source).toOpaque(), nil, readBlock, nil))
    }

    private func kind() -> TarballReader.Kind {
        if archive_entry_hardlink(entry) != nil { return .hardLink }
        switch archive_entry_filetype(entry) {
        case godwit_ae_ifreg: return .regular
        case godwit_ae_ifdir: return .directory
        case godwit_ae_iflnk: return .symbolicLink
        case godwit_ae_ifchr: return .characterDevice
        case godwit_ae_ifblk: return .blockDevice
        case godwit_ae_ififo: return .fifo
        default: return .other
        }
    }

    private func linkTarget() -> String? {
        (archive_entry_hardlink(entry) ?? archive_entry_symlink(entry)).map { String(cString: $0) }
    }

    /// libarchive takes the end of the data for the end of the archive, and reads nothing after that; both are errors
    /// here: the end is two blocks of zeros, and only zeros follow.
    private func checkEnd() throws {
        let end = archive_read_header_position(archive)
        while !source.hasEnded {
            if source.next() == nil, let failure = source.failure { throw failure }
        }
        let rest = source.length - end
        guard rest == 0 || source.trailingZeros >= rest else { throw TarballError.trailingData(offset: end) }
        guard rest >= 1024 else { throw TarballError.truncated(offset: source.compressedLength) }
    }

    /// Whether libarchive warns only that it could not translate a name and left it as it is.
    ///
    /// That is what is wanted: under a UTF-8 locale libarchive would rather turn names into Unicode's normal form C. So
    /// headers are read under an ASCII locale, where it must leave every name alone that is not ASCII.
    private var keptNamesAsTheyAre: Bool {
        guard let warning = archive_error_string(archive) else { return false }
        return String(cString: warning).hasSuffix("can't be converted from UTF-8 to current locale.")
    }

    private func check(_ result: Int32) throws {
        // A warning is an error too: it says that an entry is not what its header says.
        guard result == ARCHIVE_OK else { throw source.failure ?? damage() }
    }

    private func damage() -> TarballError {
        if source.hasEnded { return .truncated(offset: source.compressedLength) }
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "libarchive gave no reason"
        guard source.length > 0, archive_format(archive) != 0 else { return .unrecognized(reason: reason) }
        return .corrupted(offset: source.compressedLength, reason: reason)
    }
}

/// What libarchive calls to read; the context is the source.
private func readBlock(
    _ archive: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ bytes: UnsafeMutablePointer<UnsafeRawPointer?>?
) -> Int {
    guard let context, let bytes else { return -1 }
    guard let block = Unmanaged<TarSource>.fromOpaque(context).takeUnretainedValue().next() else {
        godwit_archive_set_error(archive, -1, "the input failed")
        return -1
    }
    bytes.pointee = block.baseAddress
    return block.count
}
