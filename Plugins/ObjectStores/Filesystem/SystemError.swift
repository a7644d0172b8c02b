import GodwitPluginAPI
import Glibc

/// A system call that failed.
struct SystemError: Error {
    let code: Int32
    let call: String

    /// The error of the call that has just failed.
    static func last(_ call: String) -> SystemError { SystemError(code: errno, call: call) }

    /// The error in the words of ``ObjectStoreError``.
    func objectStoreError(_ operation: String, key: String?, store: String) -> ObjectStoreError {
        ObjectStoreError(kind, operation: operation, key: key, store: store, reason: reason)
    }

    /// The call and what the system said.
    var reason: String { "\(call): \(String(cString: strerror(code)))" }

    private var kind: ObjectStoreError.Kind {
        switch code {
        case ENOENT, ENOTDIR, ELOOP: .notFound
        case EEXIST: .alreadyExists
        case ENOSPC, EDQUOT: .outOfSpace
        case EACCES, EPERM, EROFS: .accessDenied
        case ENAMETOOLONG, EISDIR: .invalidKey
        case EMFILE, ENFILE, ENOMEM, ESTALE: .unavailable
        default: .other(code: "errno \(code)")
        }
    }
}

/// Repeats a call while a signal interrupts it, and throws what it reports otherwise.
@discardableResult
func check(_ call: String, _ body: () -> Int32) throws(SystemError) -> Int32 {
    while true {
        let result = body()
        if result >= 0 { return result }
        if errno != EINTR { throw .last(call) }
    }
}
