import Foundation
import GodwitModel

/// What a mapped restore is to make of the world's two namespaces, told apart from the code that does it.
struct MappedExpectation {
    let world: World
    var ending = "-m"
    var images = ["docker.io": "mirror.example.com/hub", "quay.io": "mirror.example.com/quay"]
    var storageClass: String? = "fast"
    var reclaimPolicy: String? = "Delete"

    /// What differs from the expectation in the mapped namespaces.
    ///
    /// Cluster-scoped objects stand there already under their own names and stay; the bound volume comes as a clone.
    func differences(from found: Snapshot) -> [String] {
        let lines = world.original.namespacedOnly(world).differences(from: found.namespacedOnly(world), after: changed)
        return lines.filter { !isNewRevision($0) } + volumeDifferences(found)
    }

    /// A stateful set whose images moved has a new revision beside those that it had, and its pods name it.
    private func isNewRevision(_ line: String) -> Bool {
        guard !images.isEmpty else { return false }
        return line.hasPrefix("unexpected: controllerrevisions.apps/\(world.a)\(ending)/db-")
            || line.hasPrefix(
                "pods in \(world.a)\(ending) of StatefulSet/db: metadata.labels.controller-revision-hash: ")
    }

    private func volumeDifferences(_ found: Snapshot) -> [String] {
        let volumes = found.named.values.filter {
            $0.kind == "PersistentVolume" && $0[path: "spec", "claimRef", "namespace"]?.string == world.a + ending
        }
        guard volumes.count == 1, let volume = volumes.first else {
            return ["\(volumes.count) volumes are claimed from the mapped namespace"]
        }
        var lines: [String] = []
        if !volume.name.hasPrefix("velero-clone-") { lines.append("the volume is called \(volume.name)") }
        if let reclaimPolicy {
            if volume[path: "spec", "persistentVolumeReclaimPolicy"]?.string != reclaimPolicy {
                lines.append("the volume's reclaim policy is not \(reclaimPolicy)")
            }
            if volume.annotations["godwit.io/original-reclaim-policy"] != "Retain" {
                lines.append("the volume's original reclaim policy is not kept")
            }
        }
        return lines
    }

    private func changed(_ object: KubernetesObject) -> KubernetesObject {
        var object = KubernetesObject(changed(object.value, key: "", under: object.kind))
        if object.kind == "Namespace" { object.name = mapped(object.name) }
        // A token says for which namespace it is.
        if object["type"] == "kubernetes.io/service-account-token" {
            object[path: "data", "namespace"] = .string(Data((object.namespace ?? "").utf8).base64EncodedString())
        }
        // The claim is bound to the clone of its volume.
        if object.kind == "PersistentVolumeClaim", object[path: "spec", "volumeName"] != nil {
            object[path: "spec", "volumeName"] = "(the clone)"
        }
        return object
    }

    private func changed(_ value: JSONValue, key: String, under kind: String) -> JSONValue {
        switch value {
        case .string(let text):
            switch key {
            case "namespace": return .string(mapped(text))
            case "kubernetes.io/metadata.name": return .string(mapped(text))
            case "image":
                // Data that merely looks like an image stays, and history is history.
                return ["ConfigMap", "Secret", "ControllerRevision"].contains(kind) ? value : .string(moved(text))
            case "storageClassName":
                guard let storageClass else { return value }
                return text == "slow-\(world.run)" ? .string("\(storageClass)-\(world.run)") : value
            default: return value
            }
        case .array(let elements): return .array(elements.map { changed($0, key: key, under: kind) })
        case .object(let members):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { ($0.key, changed($0.value, key: $0.key, under: kind)) }))
        default: return value
        }
    }

    private func mapped(_ namespace: String) -> String {
        [world.a, world.b].contains(namespace) ? namespace + ending : namespace
    }

    /// A name without a registry is docker.io's, below library if it has no folder.
    private func moved(_ image: String) -> String {
        for (old, new) in images {
            if image.hasPrefix(old + "/") { return new + image.dropFirst(old.count) }
        }
        guard let hub = images["docker.io"] else { return image }
        let first = image.split(separator: "/").first ?? ""
        if !image.contains("/") { return "\(hub)/library/\(image)" }
        return first.contains(".") || first.contains(":") ? image : "\(hub)/\(image)"
    }
}

extension Snapshot {
    /// Without the world's cluster-scoped objects, and with a bound claim's volume under any name.
    func namespacedOnly(_ world: World) -> Snapshot {
        keeping { $0.namespace != nil || ($0.resource == .namespaces) }.changing { object in
            guard object.kind == "PersistentVolumeClaim", let volume = object[path: "spec", "volumeName"]?.string else {
                return object
            }
            var object = object
            if volume.hasPrefix("velero-clone-") { object[path: "spec", "volumeName"] = "(the clone)" }
            return object
        }
    }
}
