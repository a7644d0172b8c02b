import CLibCurl
import Foundation
import Synchronization

/// The way to the event thread: commands go in, one wake-up for all that come together.
final class TransferLoop: Sendable {
    /// What the event thread is asked to do.
    enum Command: Sendable {
        case start(Exchange, EasyHandle)
        case abort(Exchange)
        case resumeReceiving(Exchange)
        case resumeSending(Exchange)
    }

    private struct State {
        var commands: [Command] = []
        var isEnding = false
        /// The multi handle is gone, so it must not be woken.
        var isClosed = false
    }

    /// Bytes of response bodies that wait for their readers, of all transfers.
    let buffered = LiveCounter()
    /// Transfers that the event thread holds.
    let active = LiveCounter()
    private let multi: MultiHandle
    private let state = Mutex(State())

    /// Starts the event thread. It ends after ``shutdown()``.
    init(_ configuration: HTTPConfiguration, pool: EasyPool) throws {
        multi = try MultiHandle(configuration)
        let thread = Thread { [self] in
            // Foundation passes a name on to the system only from the thread itself.
            Thread.current.name = "godwit-http"
            EventThread(loop: self, multi: multi, pool: pool).run()
        }
        thread.start()
    }

    func add(_ command: Command) {
        let isAccepted = state.withLock { state in
            guard !state.isEnding else { return false }
            state.commands.append(command)
            if state.commands.count == 1 { multi.wake() }
            return true
        }
        if !isAccepted, case .start(let exchange, _) = command {
            exchange.finish(.failure(exchange.label.error(.shutdown, nil)))
        }
    }

    func shutdown() {
        state.withLock { state in
            guard !state.isEnding else { return }
            state.isEnding = true
            if !state.isClosed { multi.wake() }
        }
    }

    /// What has come since the last call. For the event thread.
    func takeCommands() -> (commands: [Command], isEnding: Bool) {
        state.withLock { state in
            let commands = state.commands
            state.commands = []
            return (commands, state.isEnding)
        }
    }

    /// The event thread's last call: frees the multi handle and the connections in it.
    func close() {
        state.withLock { state in
            state.isEnding = true
            state.isClosed = true
            multi.close()
        }
    }
}
