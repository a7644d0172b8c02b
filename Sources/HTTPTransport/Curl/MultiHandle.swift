import CLibCurl

/// libcurl's multi handle, with the connections of a client.
///
/// Unchecked because a C handle cannot be Sendable: only the event thread uses it, but for ``wake()``, which libcurl
/// allows from any thread and which the loop does not call after ``close()``.
final class MultiHandle: @unchecked Sendable {
    private let raw: UnsafeMutableRawPointer

    init(_ configuration: HTTPConfiguration) throws {
        guard let raw = curl_multi_init() else {
            throw HTTPTransportError(.other(code: 27), request: "libcurl", reason: "no multi handle")
        }
        self.raw = raw
        let perHost = max(1, configuration.maximumConnectionsPerHost)
        set(CURLMOPT_PIPELINING, 2)  // CURLPIPE_MULTIPLEX
        set(CURLMOPT_MAX_HOST_CONNECTIONS, perHost)
        // By default libcurl keeps four idle connections for each transfer of the moment, so a pause closes most.
        set(CURLMOPT_MAXCONNECTS, perHost * 2)
        // The server's own limit holds too. libcurl's default of 100 is below what API servers allow.
        set(CURLMOPT_MAX_CONCURRENT_STREAMS, 1000)
    }

    private func set(_ option: CURLMoption, _ value: Int) {
        // These fail for unknown options only, and libcurl is new enough for all of them.
        _ = godwit_curl_multi_setopt_long(raw, option, value)
    }

    /// Ends the wait of the event thread, or the next one.
    func wake() { curl_multi_wakeup(raw) }

    func close() { curl_multi_cleanup(raw) }

    func add(_ handle: EasyHandle) -> CURLMcode { curl_multi_add_handle(raw, handle.raw) }

    func remove(_ handle: EasyHandle) { curl_multi_remove_handle(raw, handle.raw) }

    func perform() -> CURLMcode {
        var running: Int32 = 0
        return curl_multi_perform(raw, &running)
    }

    /// Waits for sockets, libcurl's own timers, a wake-up, or the time to pass.
    func poll(milliseconds: Int32) -> CURLMcode { curl_multi_poll(raw, nil, 0, milliseconds, nil) }

    /// As ``poll(milliseconds:)``, for one more descriptor.
    func poll(_ descriptor: inout curl_waitfd, milliseconds: Int32) -> CURLMcode {
        curl_multi_poll(raw, &descriptor, 1, milliseconds, nil)
    }

    /// A transfer that has ended since the last call.
    func nextEnded() -> (handle: UnsafeMutableRawPointer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(raw, &left) {
            if message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle {
                return (handle, message.pointee.data.result)
            }
        }
        return nil
    }
}
