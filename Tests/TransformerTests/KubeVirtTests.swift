import ClaimMapping
import Foundation
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

    /// Requests, by what is known of them, and why they are left out; nil where they are restored.
    private static let requests: [(group: String, kind: String, status: JSONValue, reason: String?)] = [
        ("kubevirt.io/v1", "VirtualMachineInstanceMigration", ["phase": "Succeeded"], moved),
        ("kubevirt.io/v1", "VirtualMachineInstanceMigration", ["phase": "Running"], moved),
        ("snapshot.kubevirt.io/v1beta1", "VirtualMachineSnapshot", ["phase": "Succeeded"], taken),
        ("snapshot.kubevirt.io/v1beta1", "VirtualMachineSnapshot", ["phase": "Failed"], taken),
        ("snapshot.kubevirt.io/v1alpha1", "VirtualMachineSnapshot", ["readyToUse": true], taken),
        ("snapshot.kubevirt.io/v1beta1", "VirtualMachineSnapshot", ["phase": "InProgress"], nil),
        (
            "snapshot.kubevirt.io/v1beta1", "VirtualMachineSnapshotContent", [:],
            "KubeVirt makes it for its VirtualMachineSnapshot"
        ),
        (
            "snapshot.kubevirt.io/v1beta1", "VirtualMachineRestore", ["complete": true],
            "it was carried out in the old cluster, and would set the machine back again"
        ),
        ("snapshot.kubevirt.io/v1beta1", "VirtualMachineRestore", ["complete": false], nil),
        (
            "clone.kubevirt.io/v1beta1", "VirtualMachineClone", ["phase": "Succeeded"],
            "it was carried out in the old cluster, and would clone the machine again"
        ),
        ("clone.kubevirt.io/v1beta1", "VirtualMachineClone", ["phase": "SnapshotInProgress"], nil),
    ]
    private static let moved = "it moved an instance between nodes of the old cluster"
    private static let taken =
        "the snapshot was taken in the old cluster, and would be taken again of the restored machine"

    @Test(arguments: requests)
    func whatWasCarriedOutIsNotAskedForAgain(
        group: String, kind: String, status: JSONValue, reason: String?
    ) async throws {
        let request = KubernetesObject([
            "apiVersion": .string(group), "kind": .string(kind), "metadata": ["name": "r", "namespace": "shop"],
            "spec": [:], "status": status,
        ])
        let resource = GroupResource(
            group: GroupVersion(apiVersion: group).group, resource: kind.lowercased() + "s")
        let actions = KubeVirt.fixes().filter { $0.appliesTo.includedResources.contains(resource.description) }
        try #require(actions.count == 1)
        let outcome = try await actions[0].outcome(request)
        #expect(outcome == reason.map { .skip(reason: $0) } ?? .restore(cleaned(request)))
    }

    @Test(arguments: VirtualMachineState.RunStrategy.allCases)
    func machinesStartOrHalt(strategy: VirtualMachineState.RunStrategy) async throws {
        let machine = try await VirtualMachineState(.set(strategy)).restored(try Samples.named("machine"))
        #expect(machine[path: "spec", "runStrategy"] == .string(strategy.rawValue))
        #expect(machine[path: "spec", "running"] == nil, "KubeVirt refuses both")
    }

    private static let doings: [(spec: JSONValue, kept: String?)] = [
        (["running": true], "Always"), (["running": false], nil), (["runStrategy": "Halted"], nil),
        (["runStrategy": "RerunOnFailure"], "RerunOnFailure"), (["runStrategy": "Manual"], "Manual"), ([:], nil),
    ]

    @Test(arguments: doings) func whatAMachineDidIsKeptAndPutBack(spec: JSONValue, kept: String?) async throws {
        let machine = KubernetesObject([
            "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine",
            "metadata": ["name": "vm", "namespace": "shop"], "spec": spec,
        ])
        let halted = try await VirtualMachineState(.set(.halted)).restored(machine)
        #expect(halted["spec"] == ["runStrategy": "Halted"])
        #expect(halted.annotations["godwit.io/original-run-strategy"] == kept)
        // A second restore with another strategy does not forget the first.
        let manual = try await VirtualMachineState(.set(.once)).restored(halted)
        #expect(manual.annotations["godwit.io/original-run-strategy"] == kept ?? "Halted")
        let back = try await VirtualMachineState(.restoreOriginal).restored(halted)
        #expect(back["spec"] == ["runStrategy": .string(kept ?? "Halted")])
        #expect(back[path: "metadata", "annotations"] == nil)
        // Nothing was kept of it.
        #expect(try await VirtualMachineState(.restoreOriginal).restored(machine) == cleaned(machine))
    }

    @Test func aMachineThatWasChangedSinceStaysAsItIs() async throws {
        var machine = try await VirtualMachineState(.set(.halted)).restored(try Samples.named("machine"))
        machine[path: "spec", "runStrategy"] = "Manual"
        let outcome = try await VirtualMachineState(.restoreOriginal).outcome(machine)
        #expect(outcome.item?[path: "spec", "runStrategy"] == "Manual")
        #expect(outcome.item?[path: "metadata", "annotations"] == nil)
        #expect(
            outcome.warnings == [
                "its run strategy stays Manual, because it was changed since Always was kept in the annotation "
                    + "godwit.io/original-run-strategy"
            ])
        // The next restore keeps what it found.
        let halted = try await VirtualMachineState(.set(.halted)).restored(machine)
        #expect(
            halted.annotations == [
                "godwit.io/original-run-strategy": "Manual", "godwit.io/set-run-strategy": "Halted",
            ])
        let back = try await VirtualMachineState(.restoreOriginal).restored(halted)
        #expect(back[path: "spec", "runStrategy"] == "Manual")
        // Who has put it back already has nothing to be told of.
        var started = halted
        started[path: "spec", "runStrategy"] = "Manual"
        let same = try await VirtualMachineState(.restoreOriginal).outcome(started)
        #expect(same == .restore(cleaned(back)))
    }

    @Test func aKeptStrategyThatIsNoneIsTold() async throws {
        var machine = try Samples.named("machine")
        machine.annotations = ["godwit.io/original-run-strategy": "Sometimes"]
        let outcome = try await VirtualMachineState(.restoreOriginal).outcome(machine)
        #expect(outcome.item == cleaned(machine))
        #expect(
            outcome.warnings == [
                "the annotation godwit.io/original-run-strategy holds 'Sometimes', which is no run strategy"
            ])
    }

    @Test func aCopyGetsAFirmwareOfItsOwn() async throws {
        let place: ArraySlice<String> = ["spec", "template", "spec", "domain", "firmware", "uuid"]
        var machine = try Samples.named("machine")
        machine.value[path: place] = "5d307ca9-b3ef-428c-8861-06e72d69f223"
        var context = FakeRestoreContext()
        let plain = try await VirtualMachineState().restored(machine, context)
        #expect(plain.value[path: place] == machine.value[path: place])
        context.restore.labels = ["velero.kubevirt.io/generate-new-firmware-uuid": "true"]
        let copy = try #require(
            try await VirtualMachineState().restored(machine, context).value[path: place]?.string)
        #expect(copy != machine.value[path: place]?.string && UUID(uuidString: copy) != nil, "\(copy)")
        // Run again, the restore finds what it made; another one, or another machine, gets another.
        #expect(try await VirtualMachineState().restored(machine, context).value[path: place]?.string == copy)
        var other = machine
        other.name = "vm2"
        #expect(try await VirtualMachineState().restored(other, context).value[path: place]?.string != copy)
        context.restore.name = "restore-2"
        #expect(try await VirtualMachineState().restored(machine, context).value[path: place]?.string != copy)
        let instance = try object(
            """
            {"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"vm","namespace":"shop"},
            "spec":{"domain":{}}}
            """)
        let alone = try await VirtualMachineState().restored(instance, context)
        #expect(alone[path: "spec", "domain", "firmware", "uuid"]?.string.flatMap(UUID.init) != nil)
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
        let chosen = try await VirtualMachineState(.set(.halted)).restored(machine, context)
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
        let kernel = try await images.restored(try Samples.named("machinereplicaset"))[
            path: "spec", "template", "spec", "domain", "firmware", "kernelBoot", "container", "image"]
        #expect(kernel == "mirror.example.com/quay/kubevirt/kernel:1")

        let classes = StorageClassMapping(mapping: ["gold": "fast"])
        let stored = try await classes.restored(machine)[path: "spec", "dataVolumeTemplates"]?.array?.first
        #expect(stored?[path: "spec", "storage", "storageClassName"] == "fast")

        let namespaces = NamespaceMapping(mapping: ["shop": "shop2"])
        let volume = namespaces.mapped(try Samples.named("datavolume"))
        #expect(volume[path: "spec", "source", "pvc", "namespace"] == "shop2" && volume.namespace == "shop2")
    }

    @Test(arguments: [
        ("docker://quay.io/kubevirt/fedora:40", "docker://mirror.example.com/quay/kubevirt/fedora:40"),
        ("docker://gcr.io/a/b", "docker://gcr.io/a/b"), ("oci-archive://quay.io/a", "oci-archive://quay.io/a"),
        ("quay.io/a", "quay.io/a"),
    ])
    func imagesThatDisksAreFilledFromMove(url: String, expected: String) async throws {
        let images = ImageRegistry(rules: try ImageRegistryRules(["quay.io": "mirror.example.com/quay"]))
        var volume = try Samples.named("datavolume")
        volume[path: "spec", "source"] = ["registry": ["url": .string(url)]]
        #expect(
            try await images.restored(volume)[path: "spec", "source", "registry", "url"] == .string(expected))
        var machine = try Samples.named("machine")
        machine[path: "spec", "dataVolumeTemplates"] = [["metadata": ["name": "disk"], "spec": volume["spec"] ?? [:]]]
        let template = try await images.restored(machine)[path: "spec", "dataVolumeTemplates"]?.array?.first
        #expect(template?[path: "spec", "source", "registry", "url"] == .string(expected))
    }

    @Test func networksAreFoundInTheNewNamespace() throws {
        let namespaces = NamespaceMapping(mapping: ["shop": "shop2"])
        func name(_ network: String) throws -> JSONValue? {
            var set = try Samples.named("machinereplicaset")
            set[path: "spec", "template", "spec", "networks"] = [
                ["name": "lan", "multus": ["networkName": .string(network)]]
            ]
            let networks = namespaces.mapped(set)[path: "spec", "template", "spec", "networks"]?.array
            return networks?.first?[path: "multus", "networkName"]
        }
        #expect(try name("shop/lan") == "shop2/lan")
        #expect(try name("shop") == "shop", "a network of the object's own namespace")
        #expect(try name("other/shop") == "other/shop")
    }
}
