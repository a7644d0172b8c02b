import ClaimMapping
import GodwitModel
import GodwitPluginAPI
import ImageRegistry
import KubeVirt
import NamespaceMapping
import StorageClassMapping
import Testing

@Suite struct KubeVirtTests {
    private let backup = Backup(name: "b", spec: BackupSpec())
    private let volume = identity("datavolumes.cdi.kubevirt.io", "shop", "disk")
    private let claim = identity("persistentvolumeclaims", "shop", "disk")

    private let needed = [
        identity("controllerrevisions.apps", "shop", "vm-u1.small-v1-1"),
        identity("datavolumes.cdi.kubevirt.io", "shop", "disk"), identity("persistentvolumeclaims", "shop", "disk"),
        identity("persistentvolumeclaims", "shop", "data"), identity("configmaps", "shop", "settings"),
        identity("secrets", "shop", "user"), identity("serviceaccounts", "shop", "vm"),
        identity("secrets", "shop", "net"), identity("secrets", "shop", "keys"),
        identity("persistentvolumeclaims", "shop", "persistent-state-for-vm"),
    ]

    @Test func aMachineBringsAllThatItNeeds() async throws {
        let machine = try Samples.named("machine")
        let outcome = try await VirtualMachineBackupAction().execute(machine, backup: backup)
        #expect(outcome.item == nil)
        #expect(
            outcome.additionalItems == [identity("virtualmachineinstances.kubevirt.io", "shop", "vm")] + needed)
        var stopped = machine
        stopped[path: "status", "created"] = false
        #expect(try await VirtualMachineBackupAction().execute(stopped, backup: backup).additionalItems == needed)
    }

    @Test(arguments: [("Succeeded", 1), ("ImportInProgress", 0)])
    func aFilledDataVolumeBringsItsClaim(phase: String, count: Int) async throws {
        var volume = try Samples.named("datavolume")
        volume[path: "status", "phase"] = .string(phase)
        let outcome = try await DataVolumeBackupAction().execute(volume, backup: backup)
        #expect(outcome == BackupItemOutcome(additionalItems: Array(repeating: claim, count: count)))
    }

    @Test func aMachineIsRestoredAfterWhatTheBackupHasOfIt() async throws {
        let machine = try Samples.named("machine")
        var context = FakeRestoreContext()
        for item in needed.dropLast(2) { context.backup[item] = machine }
        let outcome = try await VirtualMachineAction().outcome(machine, context)
        #expect(outcome.additionalItems == Array(needed.dropLast(2)))
        #expect(outcome.item?[path: "spec", "instancetype", "revisionName"] == "vm-u1.small-v1-1")
    }

    private func claimOfVolume() throws -> KubernetesObject {
        try object(
            """
            {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"disk","namespace":"shop","ownerReferences":
            [{"apiVersion":"cdi.kubevirt.io/v1beta1","kind":"DataVolume","name":"disk","uid":"u","controller":true}]},
            "spec":{"storageClassName":"gold"}}
            """)
    }

    @Test func whatWasFilledIsNotFilledAgain() async throws {
        var context = FakeRestoreContext()
        context.backup[volume] = try Samples.named("datavolume")
        context.backup[claim] = try claimOfVolume()
        let outcome = try await DataVolumeAction().outcome(try Samples.named("datavolume"), context)
        #expect(outcome.item?.annotations == ["cdi.kubevirt.io/storage.prePopulated": "disk"])
        #expect(outcome.additionalItems == [claim])
        let restored = try await DataVolumeClaimAction().restored(try claimOfVolume(), context)
        #expect(restored.annotations == ["cdi.kubevirt.io/storage.populatedFor": "disk"])
        // Under another name both know it.
        context.restore.spec.claimMapping = [
            ClaimName(namespace: "shop", name: "disk"): ClaimName(namespace: "shop", name: "disk2")
        ]
        let mapped = try await DataVolumeAction().restored(try Samples.named("datavolume"), context)
        #expect(mapped.annotations == ["cdi.kubevirt.io/storage.prePopulated": "disk2"])
        let mappedClaim = try await DataVolumeClaimAction().restored(try claimOfVolume(), context)
        #expect(mappedClaim.annotations == ["cdi.kubevirt.io/storage.populatedFor": "disk2"])
    }

    @Test func aClaimThatComesBackWithoutItsDataIsTold() async throws {
        let told = ["claim 'disk' comes back without its data, and CDI takes it for filled"]
        let original = try Samples.named("datavolume")
        var context = FakeRestoreContext(mapping: ["shop": "shop2"])
        context.backup[claim] = try claimOfVolume()
        #expect(try await DataVolumeAction().outcome(original, context).warnings == told)
        var filled = context
        filled.claimsWithData = [ClaimName(namespace: "shop", name: "disk")]
        #expect(try await DataVolumeAction().outcome(original, filled).warnings.isEmpty)
        var there = context
        there.cluster[identity("persistentvolumeclaims", "shop2", "disk")] = try claimOfVolume()
        #expect(try await DataVolumeAction().outcome(original, there).warnings.isEmpty)
        // The old volume, if it is restored.
        context.backup[claim]?[path: "spec", "volumeName"] = "pv"
        #expect(try await DataVolumeAction().outcome(original, context).warnings == told)
        for (policy, keeps, warnings) in [("Retain", false, []), ("Delete", false, told), ("Delete", true, [])] {
            context.backup[identity("persistentvolumes", nil, "pv")] = KubernetesObject([
                "spec": ["persistentVolumeReclaimPolicy": .string(policy)]
            ])
            let action = DataVolumeAction(restoresDeletableVolumes: keeps)
            #expect(try await action.outcome(original, context).warnings == warnings, "\(policy), \(keeps)")
        }
    }

    @Test func withoutItsClaimAVolumeIsFilledAnew() async throws {
        var context = FakeRestoreContext()
        context.backup[claim] = try claimOfVolume()
        context.filtered = [claim]
        let volume = try Samples.named("datavolume")
        #expect(try await DataVolumeAction().outcome(volume, context) == .restore(cleaned(volume)))
    }

    @Test func whatWasNotFilledIsLeftToCDI() async throws {
        var unfinished = try Samples.named("datavolume")
        unfinished[path: "status", "phase"] = "ImportInProgress"
        var context = FakeRestoreContext()
        context.backup[volume] = unfinished
        context.backup[claim] = try claimOfVolume()
        #expect(try await DataVolumeAction().outcome(unfinished, context) == .restore(cleaned(unfinished)))
        let skipped = RestoreItemOutcome.skip(reason: "DataVolume 'disk' had not filled it; it is filled anew")
        #expect(try await DataVolumeClaimAction().outcome(try claimOfVolume(), context) == skipped)
        // Where the volume is not restored, nobody would make the claim again.
        context.filtered = [volume]
        #expect(try await !DataVolumeClaimAction().outcome(try claimOfVolume(), context).isSkipped)
        var marked = try Samples.named("claim")
        marked.annotations["kvp.kubevirt.io/storage.inprogress"] = "disk"
        #expect(try await DataVolumeClaimAction().outcome(marked) == skipped)
    }

    @Test func instancesAndTheirPodsAreMadeAgain() async throws {
        let json = """
            {"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"vm","namespace":"shop",
            "labels":{"kubevirt.io/nodeName":"n1","app":"vm"}},"spec":{"volumes":[{"dataVolume":{"name":"disk"}}]}}
            """
        var instance = try object(json)
        var context = FakeRestoreContext()
        context.backup[volume] = instance
        let alone = try await VirtualMachineInstanceAction().outcome(instance, context)
        #expect(alone.item?.labels == ["app": "vm"] && alone.additionalItems == [volume])
        instance[path: "metadata", "ownerReferences"] = [
            ["apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "name": "vm", "uid": "u", "controller": true]
        ]
        #expect(
            try await VirtualMachineInstanceAction().outcome(instance)
                == .skip(reason: "its VirtualMachine 'vm' makes it again"))
        for (role, isSkipped) in [("virt-launcher", true), ("hotplug-disk", true), ("virt-handler", false)] {
            var pod = try Samples.named("pod")
            pod.labels["kubevirt.io"] = role
            #expect(try await LauncherPodAction().outcome(pod).isSkipped == isSkipped, "\(role)")
        }
    }

    @Test(arguments: VirtualMachineState.RunStrategy.allCases)
    func machinesStartOrHalt(strategy: VirtualMachineState.RunStrategy) async throws {
        let machine = try await VirtualMachineState(runStrategy: strategy).restored(try Samples.named("machine"))
        #expect(machine[path: "spec", "runStrategy"] == .string(strategy.rawValue))
        #expect(machine[path: "spec", "running"] == nil, "KubeVirt refuses both")
    }

    @Test func theLabelsOfTheRestoreAskForTheSame() async throws {
        let machine = try Samples.named("machine")
        var context = FakeRestoreContext()
        #expect(try await VirtualMachineState().restored(machine, context) == cleaned(machine))
        context.restore.labels = [
            "velero.kubevirt.io/restore-run-strategy": "Manual", "velero.kubevirt.io/clear-mac-address": "true",
        ]
        let restored = try await VirtualMachineState().restored(machine, context)
        #expect(restored[path: "spec", "runStrategy"] == "Manual")
        let devices = restored[path: "spec", "template", "spec", "domain"]?["devices"]
        #expect(devices?["interfaces"] == [["name": "default"]])
        let chosen = try await VirtualMachineState(runStrategy: .halted).restored(machine, context)
        #expect(chosen[path: "spec", "runStrategy"] == "Halted", "the option counts")
        context.restore.labels = ["velero.kubevirt.io/restore-run-strategy": "Sometimes"]
        let error = await #expect(throws: RunStrategyError.self) {
            try await VirtualMachineState().restored(machine, context)
        }
        #expect(
            error?.description
                == "'Sometimes', the restore's label velero.kubevirt.io/restore-run-strategy, is no run strategy")
        #expect(error?.advice == "write Always, Halted, Manual, RerunOnFailure, Once, or use --vm-run-strategy")
    }

    @Test func theMappingsReachMachines() async throws {
        let machine = try Samples.named("machine")
        let claims = ClaimMapping(mapping: [
            ClaimName(namespace: "shop", name: "disk"): ClaimName(namespace: "shop", name: "disk2"),
            ClaimName(namespace: "shop", name: "data"): ClaimName(namespace: "shop", name: "data2"),
        ])
        let renamed = try await claims.restored(machine)
        #expect(renamed[path: "spec", "dataVolumeTemplates"]?.array?.first?[path: "metadata", "name"] == "disk2")
        let volumes = renamed[path: "spec", "template", "spec", "volumes"]?.array
        #expect(volumes?[0][path: "dataVolume", "name"] == "disk2")
        #expect(volumes?[1][path: "persistentVolumeClaim", "claimName"] == "data2")
        #expect(try await claims.restored(try Samples.named("datavolume")).name == "disk2")

        let images = ImageRegistry(rules: try ImageRegistryRules(["quay.io": "mirror.example.com/quay"]))
        let moved = try await images.restored(machine)[path: "spec", "template", "spec", "volumes"]?.array
        #expect(moved?[2][path: "containerDisk", "image"] == "mirror.example.com/quay/kubevirt/fedora:latest")

        let classes = StorageClassMapping(mapping: ["gold": "fast"])
        let stored = try await classes.restored(machine)[path: "spec", "dataVolumeTemplates"]?.array?.first
        #expect(stored?[path: "spec", "storage", "storageClassName"] == "fast")

        let namespaces = NamespaceMapping(mapping: ["shop": "shop2"])
        let volume = namespaces.mapped(try Samples.named("datavolume"))
        #expect(volume[path: "spec", "source", "pvc", "namespace"] == "shop2" && volume.namespace == "shop2")
    }
}
