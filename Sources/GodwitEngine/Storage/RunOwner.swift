import Foundation
import Glibc
import GodwitModel
import Synchronization

/// Who writes a backup or restore: enough to tell, on the same machine, whether that process still lives.
struct RunOwner: Sendable, Hashable {
    /// Unique a run.
    let id: String
    let host: String
    /// Changes with each start of the machine.
    let boot: String
    /// Which process numbers are meant; containers have their own.
    let processNamespace: String
    let process: Int64
    /// When the process started, in ticks since the machine did: process numbers are used again.
    let processStart: String
    /// Seconds since 1970, by the writer's clock.
    var heartbeat: Int64
    /// Whether the run, or a dead one whose name it has, has begun to take snapshots that storages keep.
    var takesSnapshots = false

    /// A new run of this process.
    init() {
        id = UUID().uuidString.lowercased()
        host = ProcessInfo.processInfo.hostName
        boot = Self.boot
        processNamespace = Self.processNamespace
        process = Int64(getpid())
        processStart = Self.startOfProcess(process) ?? ""
        heartbeat = Int64(Date().timeIntervalSince1970)
    }

    init?(json: JSONValue) {
        guard let id = json["id"]?.string, let host = json["host"]?.string, let boot = json["boot"]?.string,
            let namespace = json["processNamespace"]?.string, let process = json["process"]?.integer,
            let start = json["processStart"]?.string, let heartbeat = json["heartbeat"]?.integer
        else { return nil }
        self.id = id
        self.host = host
        self.boot = boot
        processNamespace = namespace
        self.process = process
        processStart = start
        self.heartbeat = heartbeat
        takesSnapshots = json["takesSnapshots"] == true
    }

    var json: JSONValue {
        var json: JSONValue = [
            "id": .string(id), "host": .string(host), "boot": .string(boot),
            "processNamespace": .string(processNamespace), "process": .integer(process),
            "processStart": .string(processStart), "heartbeat": .integer(heartbeat),
        ]
        if takesSnapshots { json["takesSnapshots"] = true }
        return json
    }

    /// The owner in words.
    var description: String { "process \(process) on \(host)" }

    /// Whether the run goes on: true or false when this machine can tell, nil when it cannot.
    var isAlive: Bool? {
        guard !boot.isEmpty, boot == Self.boot, !processNamespace.isEmpty, processNamespace == Self.processNamespace
        else { return nil }
        if process == Int64(getpid()) { return LiveRuns.contains(id) }
        return Self.startOfProcess(process) == processStart
    }

    private static let boot = readSmallFile("/proc/sys/kernel/random/boot_id") ?? ""
    private static let processNamespace =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""

    /// Field 22 of /proc/PID/stat; the second field, in parentheses, may hold anything.
    private static func startOfProcess(_ process: Int64) -> String? {
        guard let stat = readSmallFile("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? String(fields[19]) : nil
    }

    private static func readSmallFile(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// The runs of this process that have not ended, so that one whose clean-up failed does not count as alive.
enum LiveRuns {
    private static let ids = Mutex<Set<String>>([])

    static func insert(_ id: String) { ids.withLock { _ = $0.insert(id) } }
    static func remove(_ id: String) { ids.withLock { _ = $0.remove(id) } }
    static func contains(_ id: String) -> Bool { ids.withLock { $0.contains(id) } }
}
