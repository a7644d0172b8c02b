import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import VolumeRepository

/// How the program ended. Thrown by a command that has already said what there is to say.
struct ExitStatus: Error, Hashable {
    let rawValue: Int32

    /// Everything was done.
    static let done = ExitStatus(rawValue: 0)
    /// Nothing, or nothing usable, was done.
    static let failed = ExitStatus(rawValue: 1)
    /// The command line makes no sense.
    static let usage = ExitStatus(rawValue: 2)
    /// Done, but some items are missing.
    static let partiallyFailed = ExitStatus(rawValue: 3)

    /// A signal ended the run; as shells report it.
    static func interrupted(by signal: Int32) -> ExitStatus { ExitStatus(rawValue: 128 + signal) }
}

/// An error in what was typed rather than in what happened.
protocol UsageError: Error {}

extension PathPatternError: UsageError {}

/// Tells mistakes in what was typed from failures of what was done.
enum UsageMistake {
    static func isOne(_ error: any Error) -> Bool {
        switch error {
        case is any UsageError, is StorageLocationError, is VolumePolicyError, is ItemFilterError, is GlobError,
            is LabelSelectorError:
            true
        case let error as BackupStorageError: error.kind == .invalidName
        case let error as ObjectStoreError: error.kind == .invalidConfiguration
        default: false
        }
    }
}
