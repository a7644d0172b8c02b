import Crypto
import FieldPaths
import GodwitModel

/// The identity that a virtual machine shows to its guest; licences and cloud-init hang on it.
enum FirmwareUUID {
    /// Gives a machine another one.
    ///
    /// It is made of what the copy is, so that a restore that is run again finds the machine as it left it.
    static func renew(of item: inout KubernetesObject, _ original: KubernetesObject, _ restore: Restore) {
        let uid = original[path: "metadata", "uid"]?.string ?? ""
        let seed = [restore.name, uid, item.kind, item.namespace ?? "", item.name].joined(separator: "\n")
        PodSpecs.path(in: GroupKind(of: item))?.update(&item) { spec in
            guard spec["domain"]?.object != nil else { return }
            spec[path: "domain", "firmware", "uuid"] = .string(uuid(of: seed))
        }
    }

    private static func uuid(of seed: String) -> String {
        var bytes = Array(SHA256.hash(data: Array(seed.utf8)).prefix(16))
        // RFC 9562, version 8: bits of one's own.
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }
}
