import Streams

/// How much of a volume's content may be in memory at once, however many cores there are.
struct BackupRoom: Sendable {
    /// More workers than this would outrun any store.
    private static let mostWorkers = 16

    /// Segments between the walk and the tree.
    let segments: Int
    /// Places of content that is being read or stored: bundles, and pieces of large files, each of up to
    /// ``ChunkLimits/maximumContent`` bytes.
    let pieces: Slots
    /// Pieces of one large file that are between reading and storing.
    let piecesOfFile: Int
    /// Places of large files that are being cut, each with up to as many bytes read ahead.
    let files: Slots

    /// Room for work on so many cores.
    init(cores: Int) {
        let workers = max(2, min(cores, Self.mostWorkers))
        segments = workers + 1
        pieces = Slots(workers + 1)
        piecesOfFile = workers
        files = Slots(max(2, workers / 4))
    }
}
