import CLibCurl
import Glibc

/// The thread of a raw connection: libcurl's handles are not for two threads, and TLS reads and writes share one.
final class RawThread {
    private static let chunkSize = 64 * 1024

    private let link: RawLink
    private let handle: EasyHandle
    private let multi: MultiHandle
    private let deadline: Instant
    private var lastActivity = Instant.now
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: RawThread.chunkSize, alignment: 16)

    init(link: RawLink, handle: EasyHandle, multi: MultiHandle) {
        self.link = link
        self.handle = handle
        self.multi = multi
        deadline = Instant.now.adding(link.timeouts.total)
    }

    deinit { buffer.deallocate() }

    func run() {
        EventThread.blockBrokenPipeSignal()
        do {
            let code = multi.add(handle)
            guard code == CURLM_OK else { throw link.label.error(.other(code: Int(code.rawValue)), "not accepted") }
            if try connect() { try serve() }
        } catch {
            link.fail(error)
        }
        multi.remove(handle)
        link.finish()
    }

    /// False when the link was closed in the meantime.
    private func connect() throws -> Bool {
        while !link.hasFailed {
            try check(multi.perform())
            if let (_, code) = multi.nextEnded() {
                guard code == CURLE_OK else { throw error(code) }
                return true
            }
            try checkTotal()
            try check(multi.poll(milliseconds: deadline.milliseconds(after: .now)))
        }
        return false
    }

    private func serve() throws {
        var socket = CURL_SOCKET_BAD
        guard godwit_curl_getinfo_socket(handle.raw, &socket) == CURLE_OK, socket != CURL_SOCKET_BAD else {
            throw link.label.error(.interrupted, "there is no connection")
        }
        lastActivity = .now
        while !link.hasFailed {
            try receive()
            try send()
            try wait(socket)
        }
    }

    private func receive() throws {
        while link.wants.reads {
            var count = 0
            let code = curl_easy_recv(handle.raw, buffer.baseAddress, buffer.count, &count)
            if code == CURLE_AGAIN { return }
            guard code == CURLE_OK else { throw error(code) }
            lastActivity = .now
            if count == 0 { return link.receivedEnd() }
            link.received(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private func send() throws {
        try link.send { bytes in
            var count = 0
            let code = curl_easy_send(handle.raw, bytes.baseAddress, bytes.count, &count)
            if code == CURLE_AGAIN { return 0 }
            guard code == CURLE_OK else { throw error(code) }
            lastActivity = .now
            return count
        }
    }

    /// Waits for the socket, for a user, or for a timeout.
    private func wait(_ socket: curl_socket_t) throws {
        try checkTotal()
        let wants = link.wants
        var until = deadline
        if wants.isWaitedFor {
            let idle = lastActivity.adding(link.timeouts.idle)
            if Instant.now >= idle, let limit = link.timeouts.idle {
                throw link.label.error(.timeout, "nothing sent or received for \(limit)")
            }
            until = min(until, idle)
        } else {
            // The wait of the next reader begins anew.
            lastActivity = .now
        }
        let milliseconds = until.milliseconds(after: .now)
        let events = (wants.reads ? CURL_WAIT_POLLIN : 0) | (wants.writes ? CURL_WAIT_POLLOUT : 0)
        // A socket that nothing is wanted of would still report that it broke, again and again.
        guard events != 0 else { return try check(multi.poll(milliseconds: milliseconds)) }
        var descriptor = curl_waitfd(fd: socket, events: Int16(events), revents: 0)
        try check(multi.poll(&descriptor, milliseconds: milliseconds))
    }

    private func checkTotal() throws {
        guard Instant.now >= deadline, let total = link.timeouts.total else { return }
        throw link.label.error(.timeout, "not done after \(total)")
    }

    private func check(_ code: CURLMcode) throws {
        guard code == CURLM_OK else { throw link.label.error(.other(code: Int(code.rawValue)), nil) }
    }

    private func error(_ code: CURLcode) -> HTTPTransportError {
        HTTPTransportError(code, handle: handle, request: link.label.text)
    }
}
