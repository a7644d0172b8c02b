import GodwitModel
import GodwitPluginAPI

/// The VolumeSnapshotClasses of a cluster, and which of them a claim's snapshot is taken with.
///
/// As Velero chooses: the claim's annotation, then the backup's, then the class of the driver that has Velero's label,
/// then the default one, then the only one.
struct VolumeSnapshotClasses: Sendable {
    /// The label of a class; the annotation of a claim.
    static let key = "velero.io/csi-volumesnapshot-class"
    private static let defaultKey = "snapshot.storage.kubernetes.io/is-default-class"

    private let classes: [KubernetesObject]

    init(_ classes: [KubernetesObject]) { self.classes = classes.sorted { $0.name < $1.name } }

    subscript(name: String) -> KubernetesObject? { classes.first { $0.name == name } }

    /// The name of the class; nil when the driver has none.
    ///
    /// - Throws: why one that was named, or none of several, can be taken, in words.
    func choice(driver: String, claim: KubernetesObject, backup: Backup) throws(NoClass) -> String? {
        if let name = claim.annotations[Self.key] {
            return try named(name, driver, by: "annotation \(Self.key) of the claim")
        }
        let key = "\(Self.key)_\(driver.lowercased())"
        if let name = backup.annotations[key] {
            return try named(name, driver, by: "annotation \(key) of the backup")
        }
        let candidates = classes.filter { $0[path: "driver"]?.string == driver }
        if let labelled = candidates.first(where: { $0.labels[Self.key] != nil }) { return labelled.name }
        if let standard = candidates.first(where: { $0.annotations[Self.defaultKey] == "true" }) {
            return standard.name
        }
        guard candidates.count > 1 else { return candidates.first?.name }
        let names = candidates.map { "'\($0.name)'" }.joined(separator: ", ")
        throw NoClass(
            reason:
                "driver '\(driver)' has several VolumeSnapshotClasses (\(names)); give one the label \(Self.key)=true")
    }

    private func named(_ name: String, _ driver: String, by place: String) throws(NoClass) -> String {
        guard let found = self[name] else {
            throw NoClass(reason: "the \(place) names VolumeSnapshotClass '\(name)', which does not exist")
        }
        guard found["driver"]?.string == driver else {
            throw NoClass(
                reason: "the \(place) names VolumeSnapshotClass '\(name)', which is not of driver '\(driver)'")
        }
        return name
    }

    /// Why no class can be taken.
    struct NoClass: Error {
        let reason: String
    }
}
