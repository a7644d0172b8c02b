import Foundation
import Glibc
public import GodwitModel

/// A temporary file could not be written or read.
public struct SpoolError: AdvisedError, Hashable {
    /// `create`, `write` or `read`.
    public let operation: String
    /// The system's error number.
    public let code: Int32

    /// What failed.
    public var summary: String {
        "cannot \(operation) a temporary file in \(FileManager.default.temporaryDirectory.path)"
    }
    /// What the system says.
    public var reason: String? { String(cString: strerror(code)) }
    /// What to do next.
    public var advice: String? { "free space there, or set TMPDIR to a folder with room" }
}
