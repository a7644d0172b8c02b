import Dispatch
import Foundation
import Synchronization

/// Turns the first SIGINT, SIGTERM or SIGHUP into the cancellation of the running command, so that it can clean up; a
/// second one ends the process at once.
final class Interruption: Sendable {
    private let signalReceived = Mutex<Int32?>(nil)

    /// The signal that was received, if any.
    var received: Int32? { signalReceived.withLock { $0 } }

    /// Runs a command until it ends or has reacted to the cancellation.
    func run(_ body: sending @escaping () async throws -> Void) async throws {
        let task = Task { try await body() }
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { [self] in
                let isFirst = signalReceived.withLock { received in
                    defer { received = received ?? number }
                    return received == nil
                }
                guard isFirst else { _exit(128 + number) }
                Console.standard.complain("stopping and cleaning up; once more to stop at once")
                task.cancel()
            }
            source.activate()
            return source
        }
        defer { for source in sources { source.cancel() } }
        try await task.value
    }
}
