import Glibc

/// A locale for single calls on the calling thread; the process's own locale stays what it is.
///
/// libarchive translates names in pax headers between UTF-8 and the locale's character set.
///
/// Unchecked because a C handle cannot be Sendable: nothing changes a locale object once it is made, any thread may use
/// it, and the two that exist are never freed.
final class CallLocale: @unchecked Sendable {
    private let handle: locale_t

    private static let sharedUTF8 = CallLocale("C.UTF-8") ?? CallLocale("en_US.UTF-8")
    private static let sharedASCII = CallLocale("C")

    private init?(_ name: String) {
        guard let handle = newlocale(Int32(1) << Int32(LC_CTYPE), name, nil) else { return nil }
        self.handle = handle
    }

    /// A locale of UTF-8 names.
    ///
    /// - Throws: ``TarballError/system(operation:reason:)`` when the system has none.
    static func utf8() throws(TarballError) -> CallLocale {
        guard let sharedUTF8 else {
            throw .system(operation: "write UTF-8 names in a tarball", reason: "the system has no locale C.UTF-8")
        }
        return sharedUTF8
    }

    /// A locale of ASCII names.
    static func ascii() throws(TarballError) -> CallLocale {
        guard let sharedASCII else { throw .system(operation: "read a tarball", reason: "out of memory") }
        return sharedASCII
    }

    /// Runs a body in this locale.
    func run<Value>(_ body: () throws -> Value) rethrows -> Value {
        let previous = uselocale(handle)
        defer { uselocale(previous) }
        return try body()
    }
}
