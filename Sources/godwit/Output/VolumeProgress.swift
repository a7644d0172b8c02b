import GodwitEngine
import GodwitModel
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
                progress.warnings = summary.changing
                observer(.progress(progress))
            },
            problem: { problem in
                observer(.log(LogLine(problem.severity.level, Self.line(problem.path, problem.reason))))
            })
    }

    /// To be given to a restore of a volume.
    func restoreObserver() -> Restorer.Observer {
        let observer = observer
        return Restorer.Observer(
            progress: { report in
                var progress = GodwitEngine.Progress()
                progress.items = report.filesWritten + report.filesUnchanged
                progress.bytes = report.bytesWritten
                progress.errors = report.failureCount
                if report.filesWritten + report.filesUnchanged == 0, report.filesVerified > 0 {
                    progress.items = report.filesVerified
                    progress.activity = "reading back"
                }
                observer(.progress(progress))
            },
            failure: { failure in observer(.log(LogLine(.error, Self.line(failure.path, failure.reason)))) })
    }

    /// A message about a path. The reason mostly names it too.
    private static func line(_ path: [UInt8], _ reason: String) -> String {
        let (path, reason) = (path.printablePath, reason.printable)
        return reason.contains(" \(path): ") ? reason : "\(path): \(reason)"
    }
}

extension VolumeProblem.Severity {
    fileprivate var level: LogLine.Level {
        switch self {
        case .missing, .incomplete: .error
        case .changing: .warning
        case .note: .info
        }
    }
}

extension [UInt8] {
    /// A path of a volume as it can be shown.
    var printablePath: String { isEmpty ? "." : String(decoding: self, as: UTF8.self).printable }
}
