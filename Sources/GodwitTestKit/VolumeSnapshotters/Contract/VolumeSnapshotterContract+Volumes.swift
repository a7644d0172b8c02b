import GodwitModel
import GodwitPluginAPI

extension VolumeSnapshotterContract {
    static let volumeChecks = [
        SnapshotterCheck("volume.id", "The id of a volume is the same whenever its PersistentVolume is asked.") { run in
            let (id, object) = try await run.boundVolume()
            try run.require(try await run.snapshotter.volumeID(of: object) == id, "the id changes")
        },
        SnapshotterCheck("volume.foreign", "A volume of another storage is not recognised, and is no error.") { run in
            let sources: [(String, JSONValue)] = [
                ("nfs", ["server": "192.0.2.1", "path": "/export"]),
                ("csi", ["driver": "contract.example.com", "volumeHandle": "vol-0123456789abcdef0"]),
                ("rbd", ["image": "foo", "monitors": ["192.0.2.1:6789"]]),
            ]
            for (type, source) in sources {
                var object = KubernetesObject(["apiVersion": "v1", "kind": "PersistentVolume"])
                object[path: "metadata", "name"] = "foreign"
                object[path: "spec", type] = source
                let id = try await run.snapshotter.volumeID(of: object)
                try run.require(id == nil, "a volume of type \(type) is taken for '\(id ?? "")'")
            }
            let bare = KubernetesObject(["apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": "x"]])
            try run.require(try await run.snapshotter.volumeID(of: bare) == nil, "a volume without a spec has an id")
        },
        SnapshotterCheck("volume.rewrite", "Another volume behind a PersistentVolume changes nothing else of it.") {
            run in
            let (first, object) = try await run.boundVolume()
            let second = try await run.otherVolume(than: first)
            try run.require(first != second, "two volumes have the same id")
            var changed = try await run.snapshotter.setVolumeID(second, of: object)
            try run.require(
                try await run.snapshotter.volumeID(of: changed) == second, "the new id is not that of the volume")
            for member in ["name", "labels", "annotations"] {
                try run.require(
                    changed[path: "metadata", member] == object[path: "metadata", member], "metadata.\(member) differs")
            }
            for member in ["capacity", "claimRef", "accessModes", "persistentVolumeReclaimPolicy", "storageClassName"] {
                try run.require(changed[path: "spec", member] == object[path: "spec", member], "spec.\(member) differs")
            }
            changed = try await run.snapshotter.setVolumeID(first, of: changed)
            try run.require(
                try await run.snapshotter.volumeID(of: changed) == first, "the id cannot be changed back")
        },
        SnapshotterCheck("volume.unsuited", "A PersistentVolume of another storage cannot be given a volume.") { run in
            let id = run.subject.missingVolume
            let object = KubernetesObject([
                "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": "foreign"],
                "spec": ["nfs": ["server": "192.0.2.1", "path": "/export"]],
            ])
            try await run.requireError(.invalidConfiguration, "giving an NFS volume the id '\(id)'") {
                _ = try await run.snapshotter.setVolumeID(id, of: object)
            }
        },
        SnapshotterCheck("volume.info", "A volume's properties are those of a volume made like it.") { run in
            let id = try await run.volume()
            let info = try await run.snapshotter.volumeInfo(id, zone: run.subject.zone)
            let copy = try await run.volume(from: try await run.snapshot(of: id), info)
            let again = try await run.snapshotter.volumeInfo(copy, zone: run.subject.zone)
            try run.require(again == info, "the copy is \(again) and not \(info)")
        },
        SnapshotterCheck("volume.missing", "The properties of a volume that does not exist are not found.") { run in
            try await run.requireError(.notFound, "asking for a missing volume") {
                _ = try await run.snapshotter.volumeInfo(run.subject.missingVolume, zone: run.subject.zone)
            }
        },
    ]
}
