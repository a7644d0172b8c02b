import GodwitModel
import GodwitPluginAPI

extension VolumeSnapshotterContract {
    static let snapshotChecks = [
        SnapshotterCheck("snapshot.content", "A volume made of a snapshot holds what was there, not what came after.") {
            run in
            let id = try await run.volume(holding: "before")
            let snapshot = try await run.snapshot(of: id)
            try await run.write("after", id)
            let copy = try await run.volume(from: snapshot, like: id)
            try run.require(copy != id, "the volume made of a snapshot is the original")
            guard run.subject.content != nil else {
                throw ContractSkip(why: "a volume was made of a snapshot; what it holds cannot be seen from here")
            }
            try await run.requireContent("before", of: copy, "the volume made of a snapshot")
            try await run.requireContent("after", of: id, "the original")
            try await run.write("copied", copy)
            try await run.requireContent("after", of: id, "the original, after its copy was written")
            let second = try await run.volume(from: snapshot, like: id)
            try await run.requireContent("before", of: second, "a second volume, after the first was written")
        },
        SnapshotterCheck("snapshot.outlives", "A snapshot outlives its volume.") { run in
            let id = try await run.volume(holding: "kept")
            let info = try await run.snapshotter.volumeInfo(id, zone: run.subject.zone)
            guard case .made = run.subject.volumes else {
                throw ContractSkip(why: "it would have to remove the volume that was given")
            }
            let snapshot = try await run.snapshot(of: id)
            try await run.removeVolume(id)
            let copy = try await run.volume(from: snapshot, info)
            try await run.requireContent("kept", of: copy, "the volume made of a snapshot")
        },
        SnapshotterCheck("snapshot.independent", "A volume made of a snapshot outlives it.") { run in
            let id = try await run.volume(holding: "kept")
            let snapshot = try await run.snapshot(of: id)
            let copy = try await run.volume(from: snapshot, like: id)
            try await run.snapshotter.deleteSnapshot(snapshot)
            _ = try await run.snapshotter.volumeInfo(copy, zone: run.subject.zone)
            try await run.requireContent("kept", of: copy, "the volume whose snapshot is gone")
        },
        SnapshotterCheck("snapshot.missing", "A volume or snapshot that does not exist is not found.") { run in
            try await run.requireError(.notFound, "a snapshot of a missing volume") {
                _ = try await run.snapshot(of: run.subject.missingVolume)
            }
            let missing = try await run.missingSnapshot()
            try await run.requireError(.notFound, "a volume of a missing snapshot") {
                _ = try await run.volume(from: missing, VolumeInfo())
            }
        },
        SnapshotterCheck("snapshot.hostile", "Text that is no id makes no volume and no snapshot.") { run in
            let id = try await run.volume(holding: "a")
            let info = try await run.snapshotter.volumeInfo(id, zone: run.subject.zone)
            for text in ["", "/", "..", "../../x", "a b", "a\nb", "-rf", "\u{0}", "ü&x=y"] {
                for what in ["snapshot", "volume"] {
                    do {
                        if what == "snapshot" {
                            _ = try await run.snapshot(of: text)
                        } else {
                            _ = try await run.volume(from: text, info)
                        }
                        throw ContractViolation(why: "'\(text)' makes a \(what)")
                    } catch is VolumeSnapshotError {
                        // Whatever its kind.
                    }
                }
            }
            try await run.requireContent("a", of: id, "the volume")
        },
    ]

    static let deletionChecks = [
        SnapshotterCheck("delete.gone", "Of a deleted snapshot no volume can be made, and others stay.") { run in
            let id = try await run.volume(holding: "a")
            let info = try await run.snapshotter.volumeInfo(id, zone: run.subject.zone)
            let first = try await run.snapshot(of: id)
            let second = try await run.snapshot(of: id)
            try await run.snapshotter.deleteSnapshot(first)
            try await run.requireError(.notFound, "a volume of a deleted snapshot") {
                _ = try await run.volume(from: first, info)
            }
            _ = try await run.volume(from: second, info)
            try await run.requireContent("a", of: id, "the volume whose snapshot was deleted")
        },
        SnapshotterCheck("delete.missing", "Deleting what never existed succeeds.") { run in
            guard let missing = run.subject.missingSnapshot else {
                throw ContractSkip(why: "what the id of a snapshot looks like is not known")
            }
            try await run.snapshotter.deleteSnapshot(missing)
        },
        SnapshotterCheck("delete.twice", "Deleting a snapshot again succeeds.") { run in
            let id = try await run.volume()
            let snapshot = try await run.snapshot(of: id)
            try await run.snapshotter.deleteSnapshot(snapshot)
            try await run.snapshotter.deleteSnapshot(snapshot)
        },
    ]

    static let concurrencyChecks = [
        SnapshotterCheck("concurrent.snapshots", "Snapshots taken at once are as many snapshots.") { run in
            let id = try await run.volume(holding: "a")
            do {
                let ids = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<6 { group.addTask { try await run.snapshot(of: id) } }
                    return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                }
                try run.require(ids.count == 6, "6 calls gave \(ids.count) ids")
            } catch let error as VolumeSnapshotError where error.kind == .throttled {
                throw ContractSkip(why: "the storage takes fewer snapshots at once: \(error)")
            }
        },
        SnapshotterCheck("concurrent.cancelled", "A cancelled snapshot ends, and leaves none that nobody knows.") {
            run in
            guard let snapshots = run.subject.snapshots else { throw ContractSkip(why: "snapshots cannot be listed") }
            let id = try await run.volume(holding: "a")
            for wait in [0, 1, 5, 20, 100] {
                let task = Task { try await run.snapshotter.createSnapshot(of: id, zone: run.subject.zone, tags: [:]) }
                try await Task.sleep(for: .milliseconds(wait))
                task.cancel()
                var known: Set<String> = []
                do {
                    known.insert(try await task.value)
                } catch is CancellationError {
                    // Cut off.
                }
                let left = try await snapshots(id)
                try run.require(
                    left == known, "after \(wait) ms there are the snapshots \(left.sorted()) and not \(known.sorted())"
                )
                for snapshot in known { try await run.snapshotter.deleteSnapshot(snapshot) }
            }
        },
    ]

    static let optionalChecks = [
        SnapshotterCheck("optional.tags", "Tags are on the snapshot.") { run in
            guard let tags = run.subject.tags else { throw ContractSkip(why: "the tags of a snapshot cannot be seen") }
            let id = try await run.volume()
            let wanted = ["velero.io/backup": "nightly", "velero.io/pv": "pv-1", "cost": "a b&c=d é"]
            let found = try await tags(try await run.snapshot(of: id, tags: wanted))
            for (key, value) in wanted {
                try run.require(found[key] == value, "the tag \(key) is '\(found[key] ?? "")' and not '\(value)'")
            }
        },
        SnapshotterCheck("optional.exists", "A snapshot exists until it is deleted.") { run in
            guard let inspection = run.snapshotter as? any SnapshotInspection else {
                throw ContractSkip(why: "it cannot be asked")
            }
            let id = try await run.volume()
            let snapshot = try await run.snapshot(of: id)
            try run.require(try await inspection.exists(snapshot), "a new snapshot does not exist")
            try await inspection.deleteSnapshot(snapshot)
            try run.require(try await !inspection.exists(snapshot), "a deleted snapshot exists")
            if let missing = run.subject.missingSnapshot {
                try run.require(try await !inspection.exists(missing), "a missing snapshot exists")
            }
        },
        SnapshotterCheck("optional.directory", "The directory of a snapshot holds what was in the volume.") { run in
            guard let inspection = run.snapshotter as? any SnapshotInspection, let content = run.subject.content else {
                throw ContractSkip(why: "there is nothing to be seen")
            }
            let id = try await run.volume(holding: "before")
            let snapshot = try await run.snapshot(of: id)
            try await run.write("after", id)
            guard let directory = try await inspection.directory(of: snapshot) else {
                throw ContractSkip(why: "the storage shows no directory")
            }
            let found = try await content.readDirectory(directory)
            try run.require(found == "before", "the directory holds '\(found)'")
        },
    ]
}
