import GodwitModel

/// The names that EBS gives.
enum EBSIdentifier {
    static func isVolume(_ text: String) -> Bool { has("vol-", text) }
    static func isSnapshot(_ text: String) -> Bool { has("snap-", text) }

    private static func has(_ prefix: String, _ text: String) -> Bool {
        let digits = text.utf8.dropFirst(prefix.utf8.count)
        return text.hasPrefix(prefix) && (1...64).contains(digits.count)
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// Where a PersistentVolume names its volume of EBS.
struct EBSVolumeReference {
    private enum Form {
        /// `awsElasticBlockStore.volumeID`: the id alone, or `aws://zone/` before it.
        case inTree(prefix: String)
        /// `csi.volumeHandle`
        case csi
    }

    private static let driver = "ebs.csi.aws.com"

    var volumeID: String
    private let form: Form

    /// The reference; nil when the volume is none of EBS.
    init?(_ volume: KubernetesObject) {
        if volume[path: "spec", "csi", "driver"]?.string == Self.driver {
            guard let handle = volume[path: "spec", "csi", "volumeHandle"]?.string, EBSIdentifier.isVolume(handle)
            else { return nil }
            self.init(handle, .csi)
        } else if let text = volume[path: "spec", "awsElasticBlockStore", "volumeID"]?.string {
            let id = text.split(separator: "/").last.map(String.init) ?? ""
            guard EBSIdentifier.isVolume(id) else { return nil }
            self.init(id, .inTree(prefix: String(text.dropLast(id.count))))
        } else {
            return nil
        }
    }

    private init(_ volumeID: String, _ form: Form) {
        self.volumeID = volumeID
        self.form = form
    }

    /// The PersistentVolume with this reference in place of its own.
    func applied(to volume: KubernetesObject) -> KubernetesObject {
        var volume = volume
        switch form {
        case .csi: volume[path: "spec", "csi", "volumeHandle"] = .string(volumeID)
        case .inTree(let prefix): volume[path: "spec", "awsElasticBlockStore", "volumeID"] = .string(prefix + volumeID)
        }
        return volume
    }
}
