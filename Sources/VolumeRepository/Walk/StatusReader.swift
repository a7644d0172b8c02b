import Dispatch
import Glibc
import Streams

/// Looks at the entries of directories: one by one where the system answers from its memory, many at once where each
/// answer takes its time, as over a network or from a disk that has to move. Blocks.
final class StatusReader {
    /// An entry, and what was seen of it.
    struct Look: Sendable {
        let name: [UInt8]
        /// nil where the system gave a reason instead.
        let status: FileStatus?
        /// The reason.
        let code: Int32
        /// What the look took, in nanoseconds.
        let took: Int64
    }

    /// How many are looked at ahead. What is seen early may be old when its turn comes, so they are few.
    static let window = 64
    private static let threads = 16
    /// So many nanoseconds for a look are not memory's.
    private static let slow: Int64 = 50_000

    private let slowFrom: Int64
    /// What a look takes, in nanoseconds, on average over the last few dozen.
    private var average: Int64 = 0
    private lazy var pool = BlockingPool(threads: Self.threads)

    /// Whether looks take their time at the moment, so that many are made at once.
    var isSlow: Bool { average >= slowFrom }

    /// - Parameter slowFrom: the nanoseconds for a look from which on many are made at once.
    init(slowFrom: Int64 = slow) { self.slowFrom = slowFrom }

    /// Takes names of a directory, in front of those that are left, and looks at what they are; empty when none is left.
    func look(at names: inout NameList, in directory: FileDescriptor) -> [Look] {
        guard isSlow else {
            guard let name = names.next() else { return [] }
            return noted([Look(name, in: directory)])
        }
        var taken: [[UInt8]] = []
        while taken.count < Self.window, let name = names.next() { taken.append(name) }
        guard !taken.isEmpty else { return [] }
        return noted(pool.map(taken) { Look($0, in: directory) })
    }

    private func noted(_ looks: [Look]) -> [Look] {
        for look in looks { note(took: look.took) }
        return looks
    }

    /// Takes notice of what a look took by itself, whoever made it: what it costs to wake the threads is not the system's
    /// answer, and would keep them awake for ever after one look that had to wait for the processor.
    func note(took nanoseconds: Int64) { average += (nanoseconds - average) / 16 }
}

extension StatusReader.Look {
    fileprivate init(_ name: [UInt8], in directory: FileDescriptor) {
        let start = DispatchTime.now().uptimeNanoseconds
        self.name = name
        status = directory.status(of: name)
        code = status == nil ? errno : 0
        took = Int64(DispatchTime.now().uptimeNanoseconds - start)
    }
}
