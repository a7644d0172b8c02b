public import GodwitModel

/// Why a tarball or a compressed artifact could not be written or read.
public enum TarballError: AdvisedError, Hashable {
    /// A path that leads out of the tarball or that no file can have.
    case invalidPath(path: String, reason: String)
    /// An entry's content is larger than the reader takes.
    case entryTooLarge(path: String, size: Int64, limit: Int)
    /// There are more entries than the reader takes.
    case tooManyEntries(limit: Int)
    /// There are more bytes than the reader takes.
    case tooLarge(limit: Int64)
    /// The data expands to an implausible size.
    case expandsTooMuch(limit: Int)
    /// The data ends before its end. The offset counts compressed bytes.
    case truncated(offset: Int64)
    /// The data is not what was written. The offset counts compressed bytes, and is that of the damage or a little after.
    case corrupted(offset: Int64, reason: String)
    /// Something follows the end of the archive. The offset counts uncompressed bytes.
    case trailingData(offset: Int64)
    /// The data is no tar, or compressed in a way that is not read here.
    case unrecognized(reason: String)
    /// The content asked for does not lie in the frame.
    case outsideFrame(ContentLocation)
    /// A level or a number of workers that the compression does not have.
    case invalidConfiguration(reason: String)
    /// The writer was used after it had finished, failed or been cancelled.
    case closed
    /// The writer was released before it finished.
    case unfinished
    /// A library failed for a reason that is not in the data.
    case system(operation: String, reason: String)

    /// What failed.
    public var summary: String {
        switch self {
        case .invalidPath(let path, _): "the path \(Self.quoted(path)) cannot be in a tarball"
        case .entryTooLarge(let path, let size, _): "the entry \(Self.quoted(path)) of \(size) bytes is too large"
        case .tooManyEntries: "the tarball holds too many entries"
        case .tooLarge: "the data is too large"
        case .expandsTooMuch: "the data expands implausibly"
        case .truncated(let offset): "the data ends too early, after \(offset) bytes"
        case .corrupted(let offset, _): "the data is damaged near byte \(offset)"
        case .trailingData(let offset): "something follows the end of the archive at byte \(offset) of the tar"
        case .unrecognized: "this is not a tarball that can be read here"
        case .outsideFrame(let place):
            "there are no \(place.length) bytes at offset \(place.offset) in the frame at byte \(place.frame)"
        case .invalidConfiguration: "the compression cannot be set up"
        case .closed: "the tarball is no longer open for writing"
        case .unfinished: "the tarball was not finished"
        case .system(let operation, _): "cannot \(operation)"
        }
    }

    /// Why.
    public var reason: String? {
        switch self {
        case .invalidPath(_, let reason), .corrupted(_, let reason), .unrecognized(let reason),
            .invalidConfiguration(let reason), .system(_, let reason):
            reason
        case .entryTooLarge(_, _, let limit): "the limit is \(limit) bytes"
        case .tooManyEntries(let limit): "the limit is \(limit)"
        case .tooLarge(let limit): "the limit is \(limit) bytes"
        case .expandsTooMuch(let limit): "more than \(limit) bytes for each compressed byte"
        case .truncated, .trailingData, .outsideFrame, .closed, .unfinished: nil
        }
    }

    /// What to do next.
    public var advice: String? {
        switch self {
        case .truncated, .corrupted, .trailingData, .outsideFrame:
            "run 'godwit backup verify' to see what is affected; another copy of the backup may be whole"
        case .invalidPath, .expandsTooMuch: "do not trust this tarball unless you know who made it"
        case .entryTooLarge, .tooManyEntries, .tooLarge: nil
        case .unrecognized: "check that the object is a tarball, plain or compressed with zstd or gzip"
        case .invalidConfiguration: "use zstd levels 1 to 22, or gzip levels 0 to 9"
        case .closed, .unfinished, .system: nil
        }
    }

    /// A name from the data as it may stand in a message: without control characters and not endless.
    private static func quoted(_ name: String) -> String {
        let shown = name.unicodeScalars.prefix(200).map { scalar in
            scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return "'\(shown.joined())\(name.unicodeScalars.count > shown.count ? "..." : "")'"
    }
}
