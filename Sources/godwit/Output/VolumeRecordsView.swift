import GodwitEngine
import GodwitModel
import VolumeRepository

/// What became of the data of volumes, as tables.
struct VolumeRecordsView {
    private let records: [VolumeRecord]

    init(_ records: [VolumeRecord]) { self.records = records }

    /// The volumes of a backup.
    var table: Table {
        var table = Table("VOLUME", "METHOD", "PHASE", "SNAPSHOT", "FILES", "SIZE", "NEW", "WHY")
        for record in records {
            let data = record.data
            table.add(
                record.subject, record.method.rawValue, record.phase.rawValue,
                data.map { String($0.snapshot.prefix(8)) } ?? record.snapshot.map(Self.place) ?? "-",
                data.map { "\($0.totals.files)" } ?? "-",
                data.map { Units.bytes($0.totals.bytes) } ?? "-", data.map { Units.bytes($0.totals.newBytes) } ?? "-",
                record.error ?? record.reason)
        }
        return table
    }

    /// Where a storage keeps a snapshot.
    private static func place(_ snapshot: VolumeRecord.StorageSnapshot) -> String {
        "\(snapshot.driver.isEmpty ? snapshot.location : snapshot.driver)/\(snapshot.id)"
    }

    /// The volumes of a restore, from the rows of its record.
    static func table(ofRestore rows: [JSONValue]) -> Table {
        var table = Table("VOLUME", "PHASE", "SNAPSHOT", "WRITTEN", "SIZE", "WHERE OR WHY")
        for row in rows {
            let written = row["filesWritten"]?.integer.map { "\($0) files" }
            table.add(
                row["target"]?.string ?? "", row["phase"]?.string ?? "",
                row["snapshot"]?.string.map { Self.shortened($0) } ?? "-", written ?? "-",
                row["bytesWritten"]?.integer.map { Units.bytes($0) } ?? "-",
                row["reason"]?.string ?? row["path"]?.string ?? "")
        }
        return table
    }

    /// Of the ids of our own snapshots eight digits will do; a storage's own are whole.
    private static func shortened(_ id: String) -> String {
        id.utf8.count == 64 ? String(id.prefix(8)) : id
    }
}
