import GodwitModel

/// Hands items to the writer, cut where namespaces and resources begin, and counts them.
struct ItemOutput {
    let writer: any BackupWriter
    let recorder: RunRecorder
    /// What the items say of volumes; nil where nobody asks.
    private(set) var survey: VolumeSurvey?
    private var resource: GroupResource?
    private var namespace: String?
    private var bytesSinceCut = 0

    /// A cut is offered to the writer when at least so many bytes came since the last: smaller frames compress badly.
    private static let cutSize = 64 << 10

    init(writer: any BackupWriter, recorder: RunRecorder, survey: VolumeSurvey? = nil) {
        self.writer = writer
        self.recorder = recorder
        self.survey = survey
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
            if VolumeSurvey.resources.contains(item.resource) { survey?.note(item) }
        }
        try await writer.append(start == 0 ? items : Array(items[start...]), cutBefore: cutsBefore)
        recorder.add(items: items.count, bytes: bytes)
    }
}
