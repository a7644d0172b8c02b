import CLibCurl

/// A transfer as the event thread sees it: the target of libcurl's callbacks.
final class ActiveTransfer {
    let exchange: Exchange
    let handle: EasyHandle
    /// Whether the round has it among those with news.
    var isNoted = false
    private let round: Round
    private var parser = ResponseHeadParser()
    private let deadline: Instant
    private var lastActivity: Instant
    /// Before that the connect timeout holds, or the transfer waits for a connection.
    private var isConnected: Bool { attempts > 0 }
    /// How often libcurl sent the request; it repeats it when a kept connection turns out to be dead.
    private(set) var attempts = 0
    private var isReceivingPaused = false
    private var isSendingPaused = false
    /// libcurl gives what it kept while the transfer was paused.
    private var isRedelivering = false

    init(_ exchange: Exchange, _ handle: EasyHandle, round: Round) {
        self.exchange = exchange
        self.handle = handle
        self.round = round
        lastActivity = round.now
        deadline = round.now.adding(exchange.timeouts.total)
    }

    var hasHead: Bool { parser.isComplete }

    func error(_ code: CURLcode) -> HTTPTransportError {
        HTTPTransportError(code, handle: handle, request: exchange.label.text)
    }

    /// Makes itself the target of the handle's callbacks.
    func attach() throws {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try handle.set(CURLOPT_WRITEDATA, pointer: context)
        try handle.set(CURLOPT_HEADERDATA, pointer: context)
        try handle.set(CURLOPT_READDATA, pointer: context)
        try handle.set(CURLOPT_SEEKDATA, pointer: context)
        try handle.set(CURLOPT_PREREQDATA, pointer: context)
    }

    // MARK: Timeouts

    /// When to look at this transfer again.
    var nextDeadline: Instant { min(deadline, idleDeadline) }

    private var idleDeadline: Instant {
        guard !isReceivingPaused, !isSendingPaused else { return .never }
        return lastActivity.adding(exchange.timeouts.idle)
    }

    /// Why its time is up, if it is.
    func expired() -> String? {
        if round.now >= deadline, let total = exchange.timeouts.total { return "not done after \(total)" }
        guard round.now >= idleDeadline, let idle = exchange.timeouts.idle else { return nil }
        guard isConnected else {
            lastActivity = round.now
            return nil
        }
        return "nothing sent or received for \(idle)"
    }

    // MARK: Pausing

    func resumeReceiving() -> CURLcode {
        guard isReceivingPaused else { return CURLE_OK }
        isReceivingPaused = false
        isRedelivering = true
        defer { isRedelivering = false }
        return applyPauses()
    }

    func resumeSending() -> CURLcode {
        guard isSendingPaused else { return CURLE_OK }
        isSendingPaused = false
        return applyPauses()
    }

    private func applyPauses() -> CURLcode {
        lastActivity = round.now
        return curl_easy_pause(
            handle.raw, (isReceivingPaused ? CURLPAUSE_RECV : 0) | (isSendingPaused ? CURLPAUSE_SEND : 0))
    }

    // MARK: What libcurl calls

    fileprivate func connected() {
        attempts += 1
        round.hasMoved = true
        lastActivity = round.now
    }

    fileprivate func receivedHeaderLine(_ line: UnsafeRawBufferPointer) -> Int {
        lastActivity = round.now
        guard let head = parser.take(line) else { return line.count }
        let hasBody = exchange.label.method != "HEAD" && ![204, 304].contains(head.status)
        exchange.receive(head, expecting: hasBody ? head.contentLength : 0)
        round.note(self)
        return line.count
    }

    fileprivate func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        lastActivity = round.now
        switch exchange.offer(bytes, isHeld: isRedelivering) {
        case .taken:
            round.note(self)
            return bytes.count
        case .full:
            isReceivingPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        // Any count but the right one ends the transfer.
        case .ended: return -1
        }
    }

    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        lastActivity = round.now
        guard let upload = exchange.upload else { return 0 }
        switch upload.read(into: buffer) {
        case .bytes(let count): return count
        case .pause:
            isSendingPaused = true
            return Int(CURL_READFUNC_PAUSE)
        }
    }

    fileprivate func seek(to offset: Int) -> Int32 {
        guard offset == 0, let upload = exchange.upload, upload.rewind() else { return CURL_SEEKFUNC_FAIL }
        return CURL_SEEKFUNC_OK
    }

    fileprivate static func from(_ context: UnsafeMutableRawPointer?) -> ActiveTransfer? {
        context.map { Unmanaged<ActiveTransfer>.fromOpaque($0).takeUnretainedValue() }
    }
}

extension EasyHandle {
    /// Sets the functions that bring libcurl's events to the transfer that is attached.
    func setCallbacks() throws {
        try set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return ActiveTransfer.from(context)?.receivedHeaderLine(line) ?? 0
        }
        try set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return ActiveTransfer.from(context)?.received(piece) ?? 0
        }
        try set(CURLOPT_READFUNCTION) { bytes, size, count, context in
            let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
            return ActiveTransfer.from(context)?.read(into: buffer) ?? Int(CURL_READFUNC_ABORT)
        }
        try check(
            godwit_curl_setopt_seek_function(raw) { context, offset, origin in
                guard origin == 0 else { return CURL_SEEKFUNC_CANTSEEK }
                return ActiveTransfer.from(context)?.seek(to: offset) ?? CURL_SEEKFUNC_FAIL
            })
        try check(
            godwit_curl_setopt_connected_function(raw) { context, _, _, _, _ in
                ActiveTransfer.from(context)?.connected()
                return CURL_PREREQFUNC_OK
            })
    }
}
