import GodwitModel
import Testing

@testable import GodwitEngine

/// Which volumes are backed up, by Velero's rules.
@Suite struct VolumeDecisionTests {
    private static let claim = ClaimName(namespace: "shop", name: "data")

    private static func volume(_ wishes: [ClaimedVolume.Wish?]) -> ClaimedVolume {
        var volume = ClaimedVolume(claim: claim)
        volume.volumeName = "pv-1"
        volume.phase = "Bound"
        volume.pods = wishes.enumerated().map {
            ClaimedVolume.MountingPod(name: "pod-\($0)", uid: "u", node: "n", wish: $1)
        }
        return volume
    }

    @Test(
        arguments: [
            (false, [], VolumeMethod.skip), (false, [nil], .skip), (false, [.included], .fsBackup),
            (false, [.excluded], .skip), (false, [nil, .included], .fsBackup),
            (true, [], .fsBackup), (true, [nil], .fsBackup), (true, [.excluded], .skip),
            (true, [.included], .fsBackup), (true, [.excluded, nil], .fsBackup), (true, [.excluded, .excluded], .skip),
        ] as [(Bool, [ClaimedVolume.Wish?], VolumeMethod)])
    func annotationsAndDefault(_ byDefault: Bool, _ wishes: [ClaimedVolume.Wish?], _ method: VolumeMethod) {
        var rules = VolumeBackupRules()
        rules.includesByDefault = byDefault
        #expect(rules.decision(for: Self.volume(wishes)).method == method)
    }

    @Test func aPolicyOverrulesAnnotations() throws {
        var rules = VolumeBackupRules()
        rules.policies = try VolumePolicies(
            JSONValue(parsing: #"{"version":"v1","volumePolicies":[{"conditions":{},"action":{"type":"skip"}}]}"#))
        #expect(rules.decision(for: Self.volume([.included])).method == .skip)
        // And a directory that was named overrules the policy.
        rules.named = [Self.claim]
        #expect(rules.decision(for: Self.volume([.excluded])).method == .fsBackup)
    }

    @Test func aSnapshotThatNobodyCanTakeIsTold() throws {
        var rules = VolumeBackupRules()
        rules.policies = try VolumePolicies(
            JSONValue(parsing: #"{"version":"v1","volumePolicies":[{"conditions":{},"action":{"type":"snapshot"}}]}"#))
        let decision = rules.decision(for: Self.volume([]))
        #expect(decision.method == .skip && decision.isRemarkable)
    }

    @Test func blockDevicesLostAndUnboundClaimsAreLeftOut() {
        var rules = VolumeBackupRules()
        rules.includesByDefault = true
        var volume = Self.volume([])
        volume.isBlock = true
        #expect(rules.decision(for: volume).method == .skip && rules.decision(for: volume).isRemarkable)
        volume = Self.volume([])
        volume.phase = "Lost"
        #expect(rules.decision(for: volume).method == .skip && rules.decision(for: volume).isRemarkable)
        // It names a volume that it has not been given.
        volume = Self.volume([])
        volume.phase = "Pending"
        #expect(rules.decision(for: volume).method == .skip)
        #expect(VolumeBackupRules().decision(for: volume).snapshot == .none)
        volume.phase = "Bound"
        #expect(VolumeBackupRules().decision(for: volume).snapshot == .allowed)
        volume = Self.volume([])
        volume.volumeName = ""
        #expect(rules.decision(for: volume).method == .skip && !rules.decision(for: volume).isRemarkable)
    }

    @Test func theSurveyBringsClaimVolumeAndPodsTogether() async throws {
        var survey = VolumeSurvey()
        let objects: [(GroupResource, String)] = [
            (
                .pods,
                """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"db-0","namespace":"shop","uid":"u-1",
                "annotations":{"backup.velero.io/backup-volumes":"logs, files",
                "backup.velero.io/backup-volumes-excludes":"tmp"}},
                "spec":{"nodeName":"n1","volumes":[{"name":"files","persistentVolumeClaim":{"claimName":"data"}},
                {"name":"tmp","persistentVolumeClaim":{"claimName":"tmp"}},{"name":"c","configMap":{"name":"c"}}]}}
                """
            ),
            (
                .persistentVolumeClaims,
                """
                {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop"},
                "spec":{"volumeName":"pv-1","resources":{"requests":{"storage":"1Gi"}}},"status":{"phase":"Bound"}}
                """
            ),
            (
                .persistentVolumeClaims,
                """
                {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"tmp","namespace":"shop"},
                "spec":{"volumeName":"pv-2","volumeMode":"Block"}}
                """
            ),
            (
                .persistentVolumes,
                """
                {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv-1",
                "annotations":{"pv.kubernetes.io/provisioned-by":"rancher.io/local-path"}},
                "spec":{"capacity":{"storage":"2Gi"},"storageClassName":"local-path","accessModes":["ReadWriteOnce"],
                "claimRef":{"namespace":"shop","name":"data"},"local":{"path":"/srv/pv-1"},
                "nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[
                {"key":"kubernetes.io/hostname","operator":"In","values":["n1"]}]}]}}}}
                """
            ),
        ]
        for (resource, text) in objects {
            let bytes = Array(text.utf8)
            survey.note(Item(bytes: bytes, metadata: try ItemMetadata(scanning: bytes), resource: resource))
        }
        let asked = CallCounter()
        let volumes = try await survey.volumes { name in
            asked.next()
            #expect(name == "pv-2")
            return nil
        }
        #expect(asked.count == 1)
        let (data, tmp) = (try #require(volumes.first), try #require(volumes.last))
        #expect(data.volumeName == "pv-1" && data.capacity == 2 << 30 && data.storageClass == "local-path")
        #expect(data.source?.type == "local" && data.source?.path == "/srv/pv-1" && data.nodes == ["n1"])
        #expect(data.isProvisioned && !data.isBlock)
        #expect(data.pods == [.init(name: "db-0", uid: "u-1", node: "n1", wish: .included)])
        #expect(tmp.isBlock && tmp.source == nil && tmp.pods.first?.wish == .excluded)
    }
}
