import Glibc
import Streams
import Synchronization

/// Runs a program without a shell, waits for it on a thread of its own, and ends it on timeout and cancellation.
struct ChildProcess: Sendable {
    /// How a program ended.
    enum Status: Sendable, Hashable, CustomStringConvertible {
        case exited(Int)
        case killed(signal: Int)

        var description: String {
            switch self {
            case .exited(let code): "ended with exit code \(code)"
            case .killed(let signal): "was ended by signal \(signal)"
            }
        }
    }

    /// What a program left.
    struct Output: Sendable {
        let status: Status
        let standardOutput: [UInt8]
        let standardError: [UInt8]
    }

    /// Why a program could not be run to its end.
    enum Failure: Error, CustomStringConvertible {
        case cannotStart(errno: Int32)
        case timedOut(Duration)
        case tooMuchOutput(limit: Int)

        var isNotFound: Bool {
            if case .cannotStart(ENOENT) = self { true } else { false }
        }

        var description: String {
            switch self {
            case .cannotStart(let code): "cannot be started: \(String(cString: strerror(code)))"
            case .timedOut(let limit): "did not end within \(limit)"
            case .tooMuchOutput(let limit): "wrote more than \(limit) bytes"
            }
        }
    }

    let command: String
    let arguments: [String]
    let environment: [String: String]
    /// Whether standard input and standard error are this process's own, so that the program can ask a person.
    let inheritsTerminal: Bool
    let timeout: Duration
    /// The most bytes of standard output; standard error is cut there.
    let outputLimit: Int

    /// Runs the program to its end.
    ///
    /// - Throws: ``Failure``, `CancellationError`.
    func run() async throws -> Output {
        let isCancelled = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await BlockingPool.shared.run { try runBlocking(isCancelled) }
        } onCancel: {
            isCancelled.set()
        }
    }

    private func runBlocking(_ isCancelled: CancellationFlag) throws -> Output {
        let output = try OutputPipe(limit: outputLimit)
        let errors = try OutputPipe(limit: outputLimit)
        let child = try spawn(output, errors)
        output.closeWriting()
        errors.closeWriting()
        do {
            let deadline = ContinuousClock.now + timeout
            while true {
                // Asked before the pipes are read, so that nothing a program wrote before its end is missed. What
                // keeps a pipe open longer than the program is not waited for.
                let hasEnded = child.hasEnded
                let isQuiet = !OutputPipe.gather(output, errors, waitMilliseconds: hasEnded ? 0 : 50)
                guard !output.isOverflowing else { throw Failure.tooMuchOutput(limit: outputLimit) }
                if hasEnded, isQuiet { break }
                if isCancelled.isSet { throw CancellationError() }
                if ContinuousClock.now >= deadline { throw Failure.timedOut(timeout) }
            }
        } catch {
            child.kill()
            throw error
        }
        return Output(status: child.wait(), standardOutput: output.content, standardError: errors.content)
    }

    private func spawn(_ output: OutputPipe, _ errors: OutputPipe) throws(Failure) -> Child {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if !inheritsTerminal { posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) }
        posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        if !inheritsTerminal { posix_spawn_file_actions_adddup2(&actions, errors.writing, 2) }
        for descriptor in Self.inheritableDescriptors() { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        // A group of its own can be ended as a whole; at a terminal it would not be allowed to read.
        if !inheritsTerminal { flags |= POSIX_SPAWN_SETPGROUP }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        posix_spawnattr_setpgroup(&attributes, 0)

        let words = CStrings([command] + arguments)
        let variables = CStrings(environment.map { "\($0.key)=\($0.value)" })
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command, &actions, &attributes, words.pointers, variables.pointers)
        guard code == 0 else { throw .cannotStart(errno: code) }
        return Child(pid: pid, isGroup: !inheritsTerminal)
    }
}

extension ChildProcess {
    /// Descriptors that somebody opened without close-on-exec and that the program has no business with.
    private static func inheritableDescriptors() -> [Int32] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let descriptor = Int32(name), descriptor > 2, fcntl(descriptor, F_GETFD) & FD_CLOEXEC == 0 else {
                continue
            }
            found.append(descriptor)
        }
        return found
    }
}

/// Set once from another thread.
private final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    func set() { flag.store(true, ordering: .relaxed) }
    var isSet: Bool { flag.load(ordering: .relaxed) }
}

/// A running program, which is reaped once.
private final class Child {
    private let pid: pid_t
    private let isGroup: Bool
    private var status: ChildProcess.Status?

    init(pid: pid_t, isGroup: Bool) {
        self.pid = pid
        self.isGroup = isGroup
    }

    /// Whether the program has ended, without waiting.
    var hasEnded: Bool {
        if status == nil { reap(WNOHANG) }
        return status != nil
    }

    func wait() -> ChildProcess.Status {
        while status == nil { reap(0) }
        return status ?? .exited(-1)
    }

    func kill() {
        if status == nil {
            _ = Glibc.kill(isGroup ? -pid : pid, SIGKILL)
            _ = wait()
        }
    }

    private func reap(_ options: Int32) {
        var word: Int32 = 0
        let found = waitpid(pid, &word, options)
        if found == pid {
            let signal = Int(word & 0x7F)
            status = signal == 0 ? .exited(Int(word >> 8 & 0xFF)) : .killed(signal: signal)
        } else if found < 0, errno != EINTR {
            status = .exited(-1)
        }
    }
}

/// C strings with a null at the end, freed together.
private final class CStrings {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) { pointers = strings.map { strdup($0) } + [nil] }

    deinit { for pointer in pointers { free(pointer) } }
}
