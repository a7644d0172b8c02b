import ClaimMapping
import GodwitModel
import GodwitPluginAPI
import NamespaceMapping
import RestoreFixes
import Testing

/// Claims under other names, and whatever names them.
@Suite struct ClaimMappingTests {
    private let action = ClaimMapping(mapping: [
        ClaimName(namespace: "shop", name: "data"): ClaimName(namespace: "shop2", name: "files"),
        ClaimName(namespace: "shop", name: "www-web-0"): ClaimName(namespace: "shop2", name: "www"),
    ])

    @Test func claimsVolumesAndPodSpecs() async throws {
        let claim = try object(
            #"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop"}}"#)
        #expect(try await action.restored(claim).name == "files")
        let other = try object(
            #"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"else"}}"#)
        #expect(try await action.restored(other) == cleaned(other))
        let volume = try object(
            """
            {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv"},
            "spec":{"claimRef":{"namespace":"shop","name":"data"}}}
            """)
        #expect(try await action.restored(volume)[path: "spec", "claimRef", "name"] == "files")
        let job = try object(
            """
            {"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"j","namespace":"shop"},"spec":{"jobTemplate":
            {"spec":{"template":{"spec":{"volumes":[{"name":"a","persistentVolumeClaim":{"claimName":"data"}},
            {"name":"b","persistentVolumeClaim":{"claimName":"rest"}},{"name":"c","emptyDir":{}}]}}}}}}
            """)
        let text = String(decoding: try await action.restored(job).serialized(), as: UTF8.self)
        #expect(text.contains(#""claimName":"files""#) && text.contains(#""claimName":"rest""#))
        #expect(!text.contains(#""claimName":"data""#))
    }

    @Test(arguments: [
        // Clones within a namespace, by Kubernetes' own means.
        (
            "v1", "PersistentVolumeClaim",
            #"{"dataSource":{"kind":"PersistentVolumeClaim","name":"data"},"dataSourceRef":{"kind":"PersistentVolumeClaim","name":"data"}}"#,
            #"{"dataSource":{"kind":"PersistentVolumeClaim","name":"files"},"dataSourceRef":{"kind":"PersistentVolumeClaim","name":"files"}}"#
        ),
        (
            "v1", "PersistentVolumeClaim",
            #"{"dataSource":{"kind":"VolumeSnapshot","apiGroup":"snapshot.storage.k8s.io","name":"data"}}"#,
            #"{"dataSource":{"kind":"VolumeSnapshot","apiGroup":"snapshot.storage.k8s.io","name":"data"}}"#
        ),
        (
            "v1", "PersistentVolumeClaim",
            #"{"dataSourceRef":{"kind":"PersistentVolumeClaim","name":"data","namespace":"else"}}"#,
            #"{"dataSourceRef":{"kind":"PersistentVolumeClaim","name":"data","namespace":"else"}}"#
        ),
        (
            "apps/v1", "StatefulSet",
            #"{"volumeClaimTemplates":[{"spec":{"dataSource":{"kind":"PersistentVolumeClaim","name":"data"}}}]}"#,
            #"{"volumeClaimTemplates":[{"spec":{"dataSource":{"kind":"PersistentVolumeClaim","name":"files"}}}]}"#
        ),
        (
            "v1", "Pod",
            #"{"volumes":[{"ephemeral":{"volumeClaimTemplate":{"spec":{"dataSource":{"kind":"PersistentVolumeClaim","name":"data"}}}}}]}"#,
            #"{"volumes":[{"ephemeral":{"volumeClaimTemplate":{"spec":{"dataSource":{"kind":"PersistentVolumeClaim","name":"files"}}}}}]}"#
        ),
        (
            "snapshot.storage.k8s.io/v1", "VolumeSnapshot", #"{"source":{"persistentVolumeClaimName":"data"}}"#,
            #"{"source":{"persistentVolumeClaimName":"files"}}"#
        ),
        // CDI's, whose source may be in another namespace.
        (
            "cdi.kubevirt.io/v1beta1", "DataVolume", #"{"source":{"pvc":{"name":"data"}}}"#,
            #"{"source":{"pvc":{"name":"files"}}}"#
        ),
        (
            "cdi.kubevirt.io/v1beta1", "DataVolume", #"{"source":{"pvc":{"name":"data","namespace":"shop"}}}"#,
            #"{"source":{"pvc":{"name":"files","namespace":"shop2"}}}"#
        ),
        (
            "cdi.kubevirt.io/v1beta1", "DataVolume", #"{"source":{"pvc":{"name":"data","namespace":"shop2"}}}"#,
            #"{"source":{"pvc":{"name":"data","namespace":"shop2"}}}"#
        ),
        (
            "cdi.kubevirt.io/v1beta1", "DataVolume",
            #"{"storage":{"dataSource":{"kind":"PersistentVolumeClaim","name":"data"}}}"#,
            #"{"storage":{"dataSource":{"kind":"PersistentVolumeClaim","name":"files"}}}"#
        ),
        (
            "cdi.kubevirt.io/v1beta1", "DataSource", #"{"source":{"pvc":{"name":"data","namespace":"shop"}}}"#,
            #"{"source":{"pvc":{"name":"files","namespace":"shop2"}}}"#
        ),
        (
            "kubevirt.io/v1", "VirtualMachine",
            #"{"dataVolumeTemplates":[{"spec":{"source":{"blank":{}}}},{"spec":{"source":{"pvc":{"name":"data"}}}}]}"#,
            #"{"dataVolumeTemplates":[{"spec":{"source":{"blank":{}}}},{"spec":{"source":{"pvc":{"name":"files"}}}}]}"#
        ),
        (
            "kubevirt.io/v1", "VirtualMachine",
            #"{"template":{"spec":{"volumes":[{"ephemeral":{"persistentVolumeClaim":{"claimName":"data"}}}]}}}"#,
            #"{"template":{"spec":{"volumes":[{"ephemeral":{"persistentVolumeClaim":{"claimName":"files"}}}]}}}"#
        ),
    ])
    func whatIsMadeOfAClaimFindsIt(apiVersion: String, kind: String, spec: String, expected: String) async throws {
        var item = KubernetesObject([
            "apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": ["name": "x", "namespace": "shop"],
        ])
        item["spec"] = try JSONValue(parsing: spec)
        // As in a restore, the namespaces are mapped before the names.
        let moved = NamespaceMapping(mapping: ["shop": "shop2"]).mapped(cleaned(item))
        let outcome = try await action.execute(moved, original: item, context: FakeRestoreContext())
        #expect(outcome.item?["spec"] == (try JSONValue(parsing: expected)))
    }

    @Test func aStatefulSetThatNamesItsOwnClaimsIsToldOf() async throws {
        let set = try object(
            """
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web","namespace":"shop"},
            "spec":{"volumeClaimTemplates":[{"metadata":{"name":"www"}}],"template":{"spec":{}}}}
            """)
        #expect(try await action.outcome(set).warnings.count == 1)
        let other = try object(
            """
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web-0","namespace":"shop"},
            "spec":{"volumeClaimTemplates":[{"metadata":{"name":"www"}}],"template":{"spec":{}}}}
            """)
        #expect(try await action.outcome(other).warnings.isEmpty)
    }

    @Test func aReservedVolumeIsFreeForTheClaimUnderItsNewName() async throws {
        let volume = try object(
            """
            {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv"},
            "spec":{"persistentVolumeReclaimPolicy":"Retain","claimRef":{"namespace":"shop","name":"data"}}}
            """)
        let claim = try object(
            """
            {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop"},
            "spec":{"volumeName":"pv"}}
            """)
        var context = FakeRestoreContext(mapping: ["shop": "shop2"])
        context.restore.spec.claimMapping = action.mapping
        let identity = identity("persistentvolumes", nil, "pv")
        context.backup[identity] = volume
        // The cluster's volume is the restored claim's own, from an earlier run: no clone is made of it.
        var existing = volume
        existing[path: "spec", "claimRef", "namespace"] = "shop2"
        existing[path: "spec", "claimRef", "name"] = "files"
        context.cluster[identity] = existing
        #expect(try await PersistentVolumeAction().restored(volume, context).name == "pv")
        #expect(try await PersistentVolumeClaimAction().restored(claim, context)[path: "spec", "volumeName"] == "pv")
        // Still held by the old claim: a clone, for both.
        context.cluster[identity] = volume
        let clone = try await PersistentVolumeAction().restored(volume, context).name
        #expect(clone.hasPrefix("velero-clone-"))
        let bound = try await PersistentVolumeClaimAction().restored(claim, context)[path: "spec", "volumeName"]
        #expect(bound == .string(clone))
    }

    @Test func aProvisionedVolumeWithDataInTheBackupIsMadeAnew() async throws {
        let volume = try object(
            """
            {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv",
            "annotations":{"pv.kubernetes.io/provisioned-by":"ebs.csi.aws.com"}},
            "spec":{"persistentVolumeReclaimPolicy":"Retain","claimRef":{"namespace":"shop","name":"data"}}}
            """)
        let claim = try object(
            """
            {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop"},
            "spec":{"volumeName":"pv"}}
            """)
        var context = FakeRestoreContext()
        context.backup[identity("persistentvolumes", nil, "pv")] = volume
        #expect(try await !PersistentVolumeAction().outcome(volume, context).isSkipped)
        context.claimsWithData = [ClaimName(namespace: "shop", name: "data")]
        #expect(try await PersistentVolumeAction().outcome(volume, context).isSkipped)
        #expect(try await PersistentVolumeClaimAction().restored(claim, context)[path: "spec", "volumeName"] == nil)
    }
}
