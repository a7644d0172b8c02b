import ArgumentParser

/// `godwit volume`
struct VolumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume", abstract: "Back up and restore the data of volumes.",
        subcommands: [
            VolumeBackupCommand.self, VolumeRestore.self, VolumeSnapshots.self, VolumeDescribe.self, VolumeList.self,
            VolumeCat.self, VolumeDiff.self, VolumeExport.self,
        ])
}
