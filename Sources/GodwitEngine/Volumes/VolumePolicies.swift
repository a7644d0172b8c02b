public import GodwitModel

/// Velero's volume policies: rules that say by its properties what happens to a volume. The first that fits counts.
///
/// Source: Velero's documentation of resource policies, version `v1`.
public struct VolumePolicies: Sendable, Hashable {
    /// What a rule says.
    public enum Action: String, Sendable, Hashable {
        /// The data is left out.
        case skip
        /// A snapshotter takes it.
        case snapshot
        /// Its files are read.
        case fsBackup = "fs-backup"
    }

    /// One rule.
    struct Rule: Sendable, Hashable {
        var action = Action.skip
        var capacity: ClosedRange<Double>?
        var storageClasses: [String]?
        var nfs: NFS?
        var csi: CSI?
        var volumeTypes: [String]?
        var claimLabels: [String: String]?
        var claimPhases: [String]?

        /// Each empty for any.
        struct NFS: Sendable, Hashable {
            var server = ""
            var path = ""
        }

        struct CSI: Sendable, Hashable {
            var driver = ""
            var attributes: [String: String] = [:]
        }
    }

    let rules: [Rule]

    /// Reads the document.
    ///
    /// - Throws: ``VolumePolicyError`` for what is not understood: a condition that is passed over would make a rule fit
    ///   volumes that it was never meant for.
    public init(_ document: JSONValue) throws(VolumePolicyError) {
        guard let members = document.object else { throw VolumePolicyError("it is not a mapping") }
        guard members["version"]?.string == "v1" else { throw VolumePolicyError("its version is not v1") }
        for key in members.keys.sorted() where !["version", "volumePolicies"].contains(key) {
            let hint = key == "includeExcludePolicy" ? "; use --include-resources and its like" : ""
            throw VolumePolicyError("'\(key)' is not supported\(hint)")
        }
        guard let policies = (members["volumePolicies"] ?? []).array else {
            throw VolumePolicyError("volumePolicies is not a list")
        }
        var rules: [Rule] = []
        for (index, policy) in policies.enumerated() {
            rules.append(try Rule(policy, at: "volumePolicies[\(index)]"))
        }
        self.rules = rules
    }

    /// What the first rule that fits a volume says, and its number counted from 1; nil when none fits.
    func decision(for volume: ClaimedVolume) -> (action: Action, number: Int)? {
        rules.firstIndex { $0.matches(volume) }.map { (rules[$0].action, $0 + 1) }
    }
}

extension VolumePolicies.Rule {
    /// Whether all conditions hold. A condition about something that is not known does not hold.
    func matches(_ volume: ClaimedVolume) -> Bool {
        if let capacity {
            guard let size = volume.capacity, capacity.contains(Double(size)) else { return false }
        }
        if let storageClasses, !storageClasses.contains(volume.storageClass) { return false }
        if let nfs {
            guard let source = volume.source, source.type == "nfs",
                nfs.server.isEmpty || nfs.server == source.server, nfs.path.isEmpty || nfs.path == source.path
            else { return false }
        }
        if let csi {
            guard let source = volume.source, source.type == "csi", csi.driver.isEmpty || csi.driver == source.driver,
                csi.attributes.allSatisfy({ source.attributes[$0.key] == $0.value })
            else { return false }
        }
        if let volumeTypes {
            guard let source = volume.source, volumeTypes.contains(source.type) else { return false }
        }
        if let claimLabels, !claimLabels.allSatisfy({ volume.labels[$0.key] == $0.value }) { return false }
        if let claimPhases, !claimPhases.contains(volume.phase) { return false }
        return true
    }
}
