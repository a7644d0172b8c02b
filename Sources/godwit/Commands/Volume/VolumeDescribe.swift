import ArgumentParser
import Foundation
import GodwitModel
import VolumeRepository

/// `godwit volume describe`
struct VolumeDescribe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show what a snapshot is of, what is in it, and what it cost.")

    @OptionGroup var snapshot: SnapshotOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let stored = try await snapshot.find(in: snapshot.repository.open(global))
        switch output.output {
        case .name: console.print(stored.id.description)
        case .json, .yaml:
            var json = stored.json
            let seconds = stored.snapshot.duration
            json["milliseconds"] = .integer(Int64((seconds * 1000).rounded()))
            try console.print(json, as: output.output)
        case .table: console.print(sheet(stored, console.style).rendered())
        }
    }

    private func sheet(_ stored: StoredSnapshot, _ style: Style) -> Sheet {
        let snapshot = stored.snapshot
        let totals = snapshot.totals
        var sheet = Sheet(style)
        sheet.add("Id", stored.id.description)
        sheet.add("Volume", snapshot.volume.description.printable)
        if let backup = snapshot.backup { sheet.add("Backup", backup.printable) }
        sheet.add("Tags", snapshot.tags.map(\.printable))
        sheet.add("Labels", snapshot.labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)".printable })
        sheet.add("Read from", "\(snapshot.path) on \(snapshot.host)".printable)
        sheet.add("Started", snapshot.started)
        sheet.add("Completed", snapshot.ended)
        sheet.add("Time taken", Units.seconds(snapshot.duration))
        sheet.add("Expires", snapshot.expires)
        sheet.add("Parent", snapshot.parent?.description ?? "<none>")
        sheet.add("Files", "\(totals.files)")
        sheet.add("Directories", "\(totals.directories)")
        sheet.add("Links, fifos, devices", "\(totals.others)")
        sheet.add("Size", Units.exactBytes(totals.bytes))
        sheet.add("New", Units.exactBytes(totals.newBytes))
        sheet.add("Stored", Units.exactBytes(totals.storedBytes))
        sheet.add("List of files", Units.exactBytes(snapshot.treeBytes))
        sheet.add("Left out", "\(totals.skipped)")
        sheet.add("Errors", "\(totals.errors)")
        sheet.add("Written by", "godwit \(snapshot.godwitVersion)".printable)
        return sheet
    }
}

extension Snapshot {
    /// How long it took, in seconds.
    fileprivate var duration: TimeInterval { max(0, ended.timeIntervalSince(started)) }
}
