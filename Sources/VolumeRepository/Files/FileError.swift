import Glibc
public import GodwitModel

/// A call to the file system failed.
public struct FileError: AdvisedError, Equatable {
    /// What was tried: `open`, `read`, `set the owner of`.
    public let operation: String
    /// The path, as far as it is known; bytes that are not UTF-8 are shown as replacement characters.
    public let path: String
    /// The system's number for the reason, such as `ENOENT`.
    public let code: Int32

    /// An error with the reason that the system gave last on this thread.
    init(_ operation: String, _ path: [UInt8], code: Int32 = errno) {
        self.operation = operation
        self.path = path.isEmpty ? "." : String(decoding: path, as: UTF8.self)
        self.code = code
    }

    /// What failed, and on what.
    public var summary: String { "cannot \(operation) \(path)" }
    /// The system's words.
    public var reason: String? { String(cString: strerror(code)) }
    /// What to do next, for the reasons that a person can do something about.
    public var advice: String? {
        switch code {
        case EACCES, EPERM: "run as root, or as a user who may"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
        case ENOSPC, EDQUOT: "make room and run it again; what is there already is kept"
        default: nil
        }
    }
}
