import GodwitEngine
import VolumeRepository

extension ProgressView {
    /// To be given to a backup of a volume.
    var volumeObserver: VolumeBackup.Observer {
        let observer = observer
        return VolumeBackup.Observer(
            progress: { summary in
                var progress = GodwitEngine.Progress()
                progress.items = summary.files + summary.directories + summary.others
                progress.bytes = summary.bytes
                progress.errors = summary.problems
                observer(.progress(progress))
            },
            problem: { problem in
                let path = problem.path.isEmpty ? "." : String(decoding: problem.path, as: UTF8.self)
                observer(.log(LogLine(problem.severity.level, "\(path.printable): \(problem.reason)")))
            })
    }
}

extension VolumeProblem.Severity {
    fileprivate var level: LogLine.Level {
        switch self {
        case .missing: .error
        case .changing: .warning
        case .note: .info
        }
    }
}

extension String {
    /// The text without what a terminal would take for a command: names of files are anybody's.
    var printable: String {
        String(
            String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 })
        )
    }
}
