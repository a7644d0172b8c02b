import Glibc

/// A pipe from a child process, and what has come out of it so far. It belongs to one thread.
final class OutputPipe {
    private(set) var content: [UInt8] = []
    /// Whether more came than is kept.
    private(set) var isOverflowing = false

    private let limit: Int
    private let reading: Int32
    private(set) var writing: Int32
    private var hasEnded = false

    init(limit: Int) throws(ChildProcess.Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .cannotStart(errno: errno) }
        reading = ends[0]
        writing = ends[1]
        self.limit = limit
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
    }

    deinit {
        closeWriting()
        close(reading)
    }

    /// Closes this process's copy of the child's end, so that the end of the output can be seen.
    func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }

    /// Reads what is in two pipes, waiting for it for a while; false when nothing came.
    static func gather(_ first: OutputPipe, _ second: OutputPipe, waitMilliseconds: Int32) -> Bool {
        // A negative descriptor is passed over.
        var polled = [first, second].map {
            pollfd(fd: $0.hasEnded ? -1 : $0.reading, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&polled, 2, waitMilliseconds) > 0 else { return false }
        let fromFirst = polled[0].revents != 0 && first.read()
        let fromSecond = polled[1].revents != 0 && second.read()
        return fromFirst || fromSecond
    }

    private func read() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = Glibc.read(reading, &buffer, buffer.count)
        if count < 0 {
            if errno != EINTR, errno != EAGAIN { hasEnded = true }
            return false
        }
        if count == 0 {
            hasEnded = true
            return false
        }
        let room = limit - content.count
        if count > room { isOverflowing = true }
        content.append(contentsOf: buffer[..<min(count, room)])
        return true
    }
}
