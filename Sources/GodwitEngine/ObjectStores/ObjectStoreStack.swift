public import GodwitPluginAPI
public import Streams

/// Puts the wrappers around a provider's store, in the one place and the one order.
///
/// From the inside out:
///
/// 1. the provider: knows the protocol of its service, and retries nothing but the parts of a stream
/// 2. ``RetryingObjectStore``: next to the provider, so that whatever comes further out sees a store that works
/// 3. ``PrefixedObjectStore``: outermost, so that errors and logs of the inner ones name whole keys
public enum ObjectStoreStack {
    /// A store as the engine uses it.
    ///
    /// - Parameters:
    ///   - provider: the provider's store.
    ///   - prefix: the location's prefix, `/` at its ends left out; empty for the whole bucket.
    ///   - retry: how passing failures are retried.
    /// - Throws: ``ObjectStoreError/Kind/invalidConfiguration`` when the prefix cannot begin a key.
    public static func make(
        _ provider: any ObjectStore, prefix: String = "", retry: RetryPolicy = .standard
    ) throws -> any ObjectStore {
        let retrying = RetryingObjectStore(provider, policy: retry)
        var trimmed = Substring(prefix)
        while trimmed.first == "/" { trimmed.removeFirst() }
        while trimmed.last == "/" { trimmed.removeLast() }
        return trimmed.isEmpty ? retrying : try PrefixedObjectStore(retrying, prefix: String(trimmed))
    }
}
