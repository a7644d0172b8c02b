import Dispatch
import Foundation
import Glibc
import Synchronization

/// A program that was started: its output goes to files, its standard input is empty, it has no terminal.
public final class RunningProgram: Sendable {
    private enum Life {
        case running
        case ended(ProgramResult.Ending)
    }

    private struct State {
        var life = Life.running
        var waiters: [CheckedContinuation<ProgramResult.Ending, Never>] = []
    }

    /// A process could not be started.
    public struct StartError: Error, CustomStringConvertible {
        /// What happened.
        public let description: String
    }

    private let pid: pid_t
    private let command: String
    private let outputPath: String
    private let errorPath: String
    private let state = Mutex(State())

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: the program's file.
    ///   - arguments: without the program's name.
    ///   - environment: the whole environment.
    ///   - folder: the working directory.
    ///   - scratch: where the output is kept; must exist.
    public init(
        _ path: String, _ arguments: [String], environment: [String: String], folder: String, scratch: String
    ) throws {
        let base = "\(scratch)/\(UUID().uuidString)"
        outputPath = base + ".out"
        errorPath = base + ".err"
        command = ([(path as NSString).lastPathComponent] + arguments).joined(separator: " ")
        pid = try Self.spawn(
            path, arguments, environment: environment, folder: folder, output: outputPath, errors: errorPath)
        Thread.detachNewThread { [self] in reap() }
    }

    private static func spawn(
        _ path: String, _ arguments: [String], environment: [String: String], folder: String, output: String,
        errors: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)

        // Signals that the test runner ignores or blocks must reach the program, and ctrl-C in the runner must not.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))

        // `env` becomes the program; what sets the working directory of a child is not in Swift's Glibc.
        let env = "/usr/bin/env"
        var argv = (["env", "-C", folder, path] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, env, &actions, &attributes, &argv, &envp)
        guard code == 0 else {
            throw StartError(description: "cannot start \(path): \(String(cString: strerror(code)))")
        }
        return pid
    }

    /// Waits for the process on a thread of its own.
    private func reap() {
        // Not yet reaped, so that the number belongs to this process until the state says that it has ended.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let (ending, waiters) = state.withLock { state in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            let ending: ProgramResult.Ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
            state.life = .ended(ending)
            defer { state.waiters = [] }
            return (ending, state.waiters)
        }
        for waiter in waiters { waiter.resume(returning: ending) }
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool {
        state.withLock { if case .running = $0.life { true } else { false } }
    }

    /// Sends a signal, unless it has ended.
    public func signal(_ number: Int32) {
        state.withLock { state in
            if case .running = state.life { kill(pid, number) }
        }
    }

    /// Sends a signal after a time, whatever else the machine does: a task might have to wait for other tests.
    public func signal(_ number: Int32, after time: Duration) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(time / .nanoseconds(1)))) {
            self.signal(number)
        }
    }

    /// What it has written to standard error so far.
    public var errorsSoFar: String { Self.text(errorPath) }

    /// Waits for the end. A program that takes longer than `limit` is killed, which the result shows: far more than any
    /// takes on a busy machine, so that only what hangs is killed.
    public func wait(limit: Duration = .seconds(600)) async -> ProgramResult {
        let guardian = Task {
            try await Task.sleep(for: limit)
            self.signal(SIGKILL)
        }
        let ending = await withCheckedContinuation { continuation in
            let known = state.withLock { state -> ProgramResult.Ending? in
                if case .ended(let ending) = state.life { return ending }
                state.waiters.append(continuation)
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
        guardian.cancel()
        return ProgramResult(
            command: command, ending: ending, output: Self.text(outputPath), errors: Self.text(errorPath))
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
