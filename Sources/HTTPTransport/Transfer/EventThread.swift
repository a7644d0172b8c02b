import CLibCurl
import Glibc

/// What the event thread does, and what only it touches.
///
/// A round: take commands, let libcurl work, tell callers what has come, look at the clock, wait. The wait ends by
/// itself only when something is to be done.
final class EventThread {
    private let loop: TransferLoop
    private let multi: MultiHandle
    private let pool: EasyPool
    private var transfers: [ObjectIdentifier: ActiveTransfer] = [:]
    private var byHandle: [UnsafeMutableRawPointer: ActiveTransfer] = [:]
    private let round = Round()
    private var nextCheck = Instant.never
    /// Milliseconds that several transfers are left alone at most.
    private static let longestWait: Int32 = 100
    /// With so many transfers events are gathered for a moment: libcurl 7.88 goes through all transfers for each event of
    /// any, so that a crowd spends most of its time in looking.
    private static let crowd = 24
    /// Microseconds.
    private static let gathering: UInt32 = 2000

    init(loop: TransferLoop, multi: MultiHandle, pool: EasyPool) {
        self.loop = loop
        self.multi = multi
        self.pool = pool
    }

    func run() {
        Self.blockBrokenPipeSignal()
        while true {
            round.begin()
            let (commands, isEnding) = loop.takeCommands()
            for command in commands { apply(command, isEnding: isEnding) }
            if isEnding { break }
            check(multi.perform())
            while let (handle, code) = multi.nextEnded() { finish(handle, code) }
            round.flush()
            if round.now >= nextCheck { checkDeadlines() }
            if !round.hasMoved { wait() }
        }
        for transfer in Array(transfers.values) { end(transfer, transfer.exchange.label.error(.shutdown, nil)) }
        pool.removeAll()
        loop.close()
    }

    /// Waits until something is to be done. Not after a round in which something has moved: libcurl 7.88 then may have
    /// lost an event.
    ///
    /// What it reads in one transfer's turn may be for another of the same HTTP/2 connection that had its turn before.
    /// For that one it sets a timer that is due at once, but curl_multi_perform() ends by removing all timers up to its
    /// own idea of now, which each transfer that begins moves on. Such a transfer would wait for the next event of
    /// anyone, in an empty world for ever. A round that begins no transfer loses nothing. Transfers that libcurl itself
    /// has kept waiting for a connection begin unseen, hence ``longestWait``.
    private func wait() {
        let wait = nextCheck.milliseconds(after: .now)
        check(multi.poll(milliseconds: transfers.count > 1 ? min(wait, Self.longestWait) : wait))
        if transfers.count >= Self.crowd, wait > 0 { usleep(Self.gathering) }
    }

    /// libcurl writes with MSG_NOSIGNAL, but that is its affair: a broken connection must not end the process.
    static func blockBrokenPipeSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func apply(_ command: TransferLoop.Command, isEnding: Bool) {
        switch command {
        case .start(let exchange, let handle):
            if isEnding { return exchange.finish(.failure(exchange.label.error(.shutdown, nil))) }
            start(exchange, handle)
        case .abort(let exchange):
            guard let transfer = transfers[ObjectIdentifier(exchange)] else { return }
            end(transfer, CancellationError())
        case .resumeReceiving(let exchange):
            resume(exchange) { $0.resumeReceiving() }
        case .resumeSending(let exchange):
            resume(exchange) { $0.resumeSending() }
        }
    }

    private func start(_ exchange: Exchange, _ handle: EasyHandle) {
        let transfer = ActiveTransfer(exchange, handle, round: round)
        do {
            try transfer.attach()
        } catch {
            return exchange.finish(.failure(error))
        }
        let code = multi.add(handle)
        guard code == CURLM_OK else {
            return exchange.finish(.failure(exchange.label.error(.other(code: Int(code.rawValue)), "not accepted")))
        }
        transfers[ObjectIdentifier(exchange)] = transfer
        byHandle[handle.raw] = transfer
        loop.active.add(1)
        round.hasMoved = true
        nextCheck = min(nextCheck, transfer.nextDeadline)
    }

    private func resume(_ exchange: Exchange, _ body: (ActiveTransfer) -> CURLcode) {
        guard let transfer = transfers[ObjectIdentifier(exchange)] else { return }
        let code = body(transfer)
        nextCheck = min(nextCheck, transfer.nextDeadline)
        if code != CURLE_OK { end(transfer, transfer.error(code)) }
    }

    /// libcurl is done with a transfer.
    private func finish(_ raw: UnsafeMutableRawPointer, _ code: CURLcode) {
        round.hasMoved = true
        guard let transfer = byHandle[raw] else { return }
        guard code == CURLE_OK else { return end(transfer, transfer.error(code)) }
        guard transfer.hasHead else {
            return end(transfer, transfer.exchange.label.error(.protocolViolation, "there was no response"))
        }
        detach(transfer)
        transfer.exchange.finish(.success(()))
        // libcurl counts repetitions over the life of a handle, and gives up at the fifth.
        if transfer.attempts == 1 { pool.put(transfer.handle) }
    }

    /// Ends a transfer early, or with an error. Its handle is not used again.
    private func end(_ transfer: ActiveTransfer, _ error: any Error) {
        detach(transfer)
        transfer.exchange.finish(.failure(error))
    }

    private func detach(_ transfer: ActiveTransfer) {
        multi.remove(transfer.handle)
        byHandle[transfer.handle.raw] = nil
        transfers[ObjectIdentifier(transfer.exchange)] = nil
        loop.active.add(-1)
    }

    /// Ends transfers that ran out of time, and finds out when to look again.
    private func checkDeadlines() {
        nextCheck = .never
        for transfer in Array(transfers.values) {
            if let reason = transfer.expired() {
                end(transfer, transfer.exchange.label.error(.timeout, reason))
            } else {
                nextCheck = min(nextCheck, transfer.nextDeadline)
            }
        }
    }

    /// An error of the multi handle concerns all transfers, and would return at once, for ever.
    private func check(_ code: CURLMcode) {
        guard code != CURLM_OK else { return }
        let reason = curl_multi_strerror(code).map { String(cString: $0) }
        for transfer in Array(transfers.values) {
            end(transfer, transfer.exchange.label.error(.other(code: Int(code.rawValue)), reason))
        }
        usleep(10_000)
    }
}

/// One round of the event thread: its time, and who has something new for its caller.
final class Round {
    private(set) var now = Instant.now
    /// Whether a transfer began, got something, or ended.
    var hasMoved = false
    private var changed: [ActiveTransfer] = []

    func begin() {
        now = .now
        hasMoved = false
    }

    func note(_ transfer: ActiveTransfer) {
        hasMoved = true
        guard !transfer.isNoted else { return }
        transfer.isNoted = true
        changed.append(transfer)
    }

    func flush() {
        for transfer in changed {
            transfer.isNoted = false
            transfer.exchange.flush()
        }
        changed.removeAll(keepingCapacity: true)
    }
}
