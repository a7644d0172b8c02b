import CProcess
import Foundation
import Streams
import Synchronization

/// A plugin's program while it runs: its output is read, its end is noticed, and it does not outlive this process.
///
/// It has a process group of its own, so that what it started goes with it.
final class ProgramProcess: Sendable {
    /// The process's id, and that of its group.
    let id: Int32
    /// The first line of its standard output, or nil when that ended without one.
    let firstLine = Settled<String?>()
    /// How it ended.
    let end = Settled<ProgramEnd>()

    private let tail = Mutex<[String]>([])
    private let hasLeft = Mutex(false)
    /// So many lines of the log are shown in an error.
    private static let tailLength = 5

    /// What a process is started with and who listens to it.
    struct Launch: Sendable {
        var path: String
        var arguments: [String]
        var environment: [String: String]
        /// The longest first line, and the longest line of the log.
        var lineLimits: (first: Int, log: Int)
        /// Is told each line of the log, from a thread of its own.
        var log: PluginLogSink
    }

    /// The system kills a plugin when the thread that started it ends, so this one never does.
    private static let starter = BlockingPool(threads: 1)

    /// Starts a program.
    ///
    /// - Throws: ``ProgramStartError``.
    static func start(_ launch: Launch) async throws -> ProgramProcess {
        try await starter.run { try ProgramProcess(launch) }
    }

    private init(_ launch: Launch) throws {
        let output = try Pipe()
        let error = try Pipe()
        let report = try Pipe()
        let arguments = CStrings([launch.path] + launch.arguments)
        let environment = CStrings(launch.environment.map { "\($0.key)=\($0.value)" }.sorted())
        let (started, code) = withExtendedLifetime((arguments, environment)) {
            let process = godwit_spawn(
                launch.path, arguments.pointers, environment.pointers, output.writing.number, error.writing.number,
                report.writing.number)
            return (process, errno)
        }
        guard started > 0 else { throw ProgramStartError(code: code) }
        output.writing.close()
        error.writing.close()
        report.writing.close()
        var failure: Int32 = 0
        if read(report.reading.number, &failure, MemoryLayout<Int32>.size) == MemoryLayout<Int32>.size {
            _ = godwit_reap(started)
            throw ProgramStartError(code: failure)
        }
        id = started
        let watch = ProcessWatch(id: started, output: output.reading, error: error.reading, launch: launch)
        let thread = Thread { [self] in watch.run(for: self) }
        thread.name = "plugin-\(started)"
        thread.start()
    }

    /// The last lines of its log.
    var lastLines: [String] { tail.withLock { $0 } }

    /// Keeps a line for errors.
    func keep(_ line: String) {
        tail.withLock { lines in
            lines.append(String(line.prefix(400)))
            if lines.count > Self.tailLength { lines.removeFirst() }
        }
    }

    /// Sends a signal to the program and all it started, unless we have taken leave of it: its number may be a
    /// stranger's then.
    func signal(_ number: Int32) {
        hasLeft.withLock { hasLeft in
            if !hasLeft { _ = kill(-id, number) }
        }
    }

    /// Waits for the program's end, takes what it started and left behind with it, and gives its number back.
    func takeLeave() -> ProgramEnd {
        godwit_await_end(id)
        return hasLeft.withLock { hasLeft in
            _ = kill(-id, SIGKILL)
            hasLeft = true
            return ProgramEnd(code: godwit_reap(id))
        }
    }
}

/// The system could not start a program.
struct ProgramStartError: Error {
    let code: Int32
    var reason: String { String(cString: strerror(code)) }
}

/// A file descriptor that is closed with its last reference, or earlier.
final class Descriptor: Sendable {
    let number: Int32
    private let isOpen = Atomic(true)

    init(_ number: Int32) { self.number = number }

    deinit { close() }

    func close() {
        if isOpen.exchange(false, ordering: .relaxed) { _ = Glibc.close(number) }
    }
}

/// Both ends of a pipe, none of which a program that is started inherits by accident.
private struct Pipe {
    let reading: Descriptor
    let writing: Descriptor

    init() throws {
        var ends: (Int32, Int32) = (0, 0)
        let result = withUnsafeMutablePointer(to: &ends) { pointer in
            pointer.withMemoryRebound(to: Int32.self, capacity: 2) { pipe2($0, O_CLOEXEC) }
        }
        guard result == 0 else { throw ProgramStartError(code: errno) }
        reading = Descriptor(ends.0)
        writing = Descriptor(ends.1)
    }
}

/// Strings as C wants a list of them.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { (pointers + index).initialize(to: strdup(string)) }
        (pointers + count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
