import Glibc

/// A locale for single calls on the calling thread; the process's own locale stays what it is.
///
/// libarchive translates names in pax headers between UTF-8 and the locale's character set, and refuses or spoils what
/// the `C` locale does not have.
final class UTF8Locale: @unchecked Sendable {
    // Unchecked: a locale object is immutable, and this one is never freed.
    private let handle: locale_t

    /// The one instance; nil on a system without the locale `C.UTF-8`.
    private static let shared = UTF8Locale()

    private init?() {
        let mask = Int32(1) << Int32(LC_CTYPE)
        guard let handle = newlocale(mask, "C.UTF-8", nil) ?? newlocale(mask, "en_US.UTF-8", nil) else { return nil }
        self.handle = handle
    }

    /// The locale.
    ///
    /// - Throws: ``TarballError/system(operation:reason:)`` when the system has none.
    static func current() throws(TarballError) -> UTF8Locale {
        guard let shared else {
            throw .system(operation: "handle UTF-8 names in a tarball", reason: "the system has no locale C.UTF-8")
        }
        return shared
    }

    /// Runs a body in this locale.
    func run<Value>(_ body: () throws -> Value) rethrows -> Value {
        let previous = uselocale(handle)
        defer { uselocale(previous) }
        return try body()
    }
}
