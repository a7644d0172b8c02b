import CProcess
import Foundation

/// Reads what a program prints, and waits for its end, on a thread of its own.
struct ProcessWatch: Sendable {
    private let id: Int32
    private let output: Descriptor
    private let error: Descriptor
    private let launch: ProgramProcess.Launch

    init(id: Int32, output: Descriptor, error: Descriptor, launch: ProgramProcess.Launch) {
        self.id = id
        self.output = output
        self.error = error
        self.launch = launch
    }

    /// Runs until the program has ended. What it started may go on and hold its output open: nobody reads that.
    func run(for process: ProgramProcess) {
        let pidfd = godwit_pidfd(id)
        // Without one (before Linux 5.3), the end is noticed when the output closes.
        let ended = pidfd >= 0 ? Descriptor(pidfd) : nil
        var reader = OutputReader(process: process, launch: launch)
        var sources = [(output, true), (error, false)]
        for (source, _) in sources { _ = fcntl(source.number, F_SETFL, O_NONBLOCK) }
        var hasEnded = false
        while !hasEnded && !(sources.isEmpty && ended == nil) {
            var polls = sources.map { pollfd(fd: $0.0.number, events: Int16(POLLIN), revents: 0) }
            if let ended { polls.append(pollfd(fd: ended.number, events: Int16(POLLIN), revents: 0)) }
            let count = poll(&polls, nfds_t(polls.count), -1)
            guard count > 0 || errno == EINTR else { break }
            hasEnded = ended != nil && polls.last?.revents != 0
            // At the end, what was printed before it is still taken.
            var open: [(Descriptor, Bool)] = []
            for (index, source) in sources.enumerated() {
                let isReadable = polls[index].revents != 0 || hasEnded
                if !isReadable || reader.drain(source.0, isOutput: source.1) { open.append(source) }
            }
            sources = open
        }
        let end = process.takeLeave()
        reader.finish()
        process.end.settle(end)
    }
}

/// Makes lines of what a program prints and hands them on.
private struct OutputReader {
    private let process: ProgramProcess
    private let program: String
    private let log: PluginLogSink
    private var output: LineCutter
    private var error: LineCutter
    private var hasFirst = false
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)

    init(process: ProgramProcess, launch: ProgramProcess.Launch) {
        self.process = process
        program = (launch.path as NSString).lastPathComponent
        log = launch.log
        output = LineCutter(limit: launch.lineLimits.first)
        error = LineCutter(limit: launch.lineLimits.log)
    }

    /// Reads what is there, within reason; false when the source has ended.
    mutating func drain(_ source: Descriptor, isOutput: Bool) -> Bool {
        for _ in 0..<64 {
            let count = buffer.withUnsafeMutableBytes { read(source.number, $0.baseAddress, $0.count) }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            guard count > 0 else {
                if isOutput, !hasFirst {
                    hasFirst = true
                    process.firstLine.settle(output.rest())
                }
                return false
            }
            take(count, isOutput: isOutput)
        }
        return true
    }

    private mutating func take(_ count: Int, isOutput: Bool) {
        let lines = buffer.withUnsafeBytes { bytes in
            let part = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            return isOutput ? output.add(part) : error.add(part)
        }
        for line in lines {
            if isOutput, !hasFirst {
                hasFirst = true
                process.firstLine.settle(line)
            } else if !line.isEmpty {
                // What is printed after the handshake is as good as logged.
                note(line)
            }
        }
    }

    mutating func finish() {
        if !hasFirst { process.firstLine.settle(output.rest()) }
        if let line = error.rest() { note(line) }
    }

    private func note(_ text: String) {
        let line = PluginLogLine(program: program, text: text)
        process.keep(line.message)
        log(line)
    }
}
