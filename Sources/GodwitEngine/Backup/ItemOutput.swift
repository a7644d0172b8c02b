import GodwitModel

/// Hands items to the writer, cut where namespaces and resources begin, and counts them.
struct ItemOutput {
    let writer: any BackupWriter
    let recorder: RunRecorder
    /// What is said about volumes.
    private(set) var volumes: [JSONValue] = []
    private var resource: GroupResource?
    private var namespace: String?
    private var bytesSinceCut = 0

    /// A cut is offered to the writer when at least so many bytes came since the last: smaller frames compress badly.
    private static let cutSize = 64 << 10

    init(writer: any BackupWriter, recorder: RunRecorder) {
        self.writer = writer
        self.recorder = recorder
    }

    mutating func write(_ items: [Item]) async throws {
        guard !items.isEmpty else { return }
        var start = 0
        var cutsBefore = false
        var bytes: Int64 = 0
        for (index, item) in items.enumerated() {
            if item.resource != resource || item.metadata.namespace != namespace {
                resource = item.resource
                namespace = item.metadata.namespace
                if bytesSinceCut >= Self.cutSize {
                    if index > start {
                        try await writer.append(Array(items[start..<index]), cutBefore: cutsBefore)
                        start = index
                    }
                    cutsBefore = true
                    bytesSinceCut = 0
                }
            }
            bytesSinceCut += item.bytes.count
            bytes += Int64(item.bytes.count)
            if item.resource == .persistentVolumeClaims { note(item) }
        }
        try await writer.append(start == 0 ? items : Array(items[start...]), cutBefore: cutsBefore)
        recorder.add(items: items.count, bytes: bytes)
    }

    /// A claim is a row of the volumes file, which says what became of its data.
    private mutating func note(_ claim: Item) {
        var row: JSONValue = [
            "namespace": .string(claim.metadata.namespace ?? ""), "claim": .string(claim.metadata.name),
            "method": "none", "reason": "this version backs up objects, not the data of volumes",
        ]
        // A text that is no object has been recorded where it was first decoded.
        let volume = (try? KubernetesObject(parsing: claim.bytes))?[path: "spec", "volumeName"]
        if let volume { row["volume"] = volume }
        volumes.append(row)
    }
}
