import GodwitModel
import Testing
import VolumeRepository

@testable import GodwitEngine

/// What must not start on an empty volume, and which volumes are the same directory.
@Suite struct VolumeHoldingTests {
    private static func object(_ json: String) throws -> KubernetesObject {
        try KubernetesObject(parsing: Array(json.utf8))
    }

    @Test(arguments: [
        (#"{"kind":"Pod","metadata":{"name":"p","namespace":"shop"},"spec":SPEC}"#, true),
        (#"{"kind":"Pod","metadata":{"name":"p","namespace":"else"},"spec":SPEC}"#, false),
        (#"{"kind":"Deployment","metadata":{"name":"d","namespace":"shop"},"spec":{"template":{"spec":SPEC}}}"#, true),
        (
            #"{"kind":"CronJob","metadata":{"name":"c","namespace":"shop"},"#
                + #""spec":{"jobTemplate":{"spec":{"template":{"spec":SPEC}}}}}"#, true
        ),
        (#"{"kind":"ConfigMap","metadata":{"name":"m","namespace":"shop"},"data":{"a":"b"}}"#, false),
        (
            #"{"kind":"StatefulSet","metadata":{"name":"db","namespace":"shop"},"spec":{"template":{"spec":{}},"#
                + #""volumeClaimTemplates":[{"metadata":{"name":"www"}}]}}"#, true
        ),
        (
            #"{"kind":"StatefulSet","metadata":{"name":"db-0","namespace":"shop"},"spec":{"template":{"spec":{}},"#
                + #""volumeClaimTemplates":[{"metadata":{"name":"www"}}]}}"#, false
        ),
    ])
    func workloadsOfUnfilledClaims(_ json: String, isHeld: Bool) throws {
        let spec = #"{"volumes":[{"name":"x","persistentVolumeClaim":{"claimName":"data"}}]}"#
        let workload = try Self.object(json.replacing("SPEC", with: spec))
        let unfilled = UnfilledClaims()
        #expect(unfilled.claim(usedBy: workload) == nil)
        unfilled.add(ClaimName(namespace: "shop", name: "other"))
        #expect(unfilled.claim(usedBy: workload) == nil)
        unfilled.add(ClaimName(namespace: "shop", name: "data"))
        unfilled.add(ClaimName(namespace: "shop", name: "www-db-0"))
        #expect((unfilled.claim(usedBy: workload) != nil) == isHeld)
    }

    @Test(arguments: [
        ("hostPath", "/srv/a", "hostPath", "/srv/a", true), ("hostPath", "/srv/a/", "local", "/srv//a", true),
        ("hostPath", "/srv/a", "hostPath", "/srv/a/b", true), ("hostPath", "/srv/a/b", "hostPath", "/srv/a", true),
        ("hostPath", "/srv/a", "hostPath", "/srv/ab", false), ("hostPath", "/srv/a", "nfs", "/srv/a", false),
        ("nfs", "/x", "nfs", "/x/y", true),
    ])
    func directoriesInEachOther(
        _ type: String, _ path: String, _ otherType: String, _ otherPath: String, _ overlap: Bool
    ) throws {
        let json = """
            {"metadata":{"name":"pv"},"spec":{"\(type)":{"path":"\(path)"},"claimRef":{"namespace":"a","name":"b"}}}
            """
        let placed = try #require(PlacedVolume(try Self.object(json)))
        var other = ClaimedVolume(claim: ClaimName(namespace: "x", name: "y"))
        other.source = VolumeSource(type: otherType)
        other.source?.path = otherPath
        other.nodes = ["node-1"]
        #expect(placed.overlaps(other) == overlap)
        // The disks of nodes are mounted at the same paths everywhere.
        let affinity = """
            {"metadata":{"name":"pv"},"spec":{"\(type)":{"path":"\(path)"},"nodeAffinity":{"required":{
            "nodeSelectorTerms":[{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In",
            "values":["node-2"]}]}]}}}}
            """
        let elsewhere = try #require(PlacedVolume(try Self.object(affinity)))
        #expect(elsewhere.overlaps(other) == (overlap && type == "nfs"))
        #expect(placed.claim == ClaimName(namespace: "a", name: "b"))
    }

    /// Storage without a path is known by what its driver or service calls it, however it is mounted.
    @Test(arguments: [
        (
            #"{"csi":{"driver":"d","volumeHandle":"h","fsType":"ext4"}}"#,
            #"{"csi":{"driver":"d","volumeHandle":"h"}}"#, true
        ),
        (#"{"csi":{"driver":"d","volumeHandle":"h"}}"#, #"{"csi":{"driver":"e","volumeHandle":"h"}}"#, false),
        (#"{"csi":{"driver":"d","volumeHandle":"h"}}"#, #"{"csi":{"driver":"d","volumeHandle":"i"}}"#, false),
        (#"{"csi":{"driver":"d"}}"#, #"{"csi":{"driver":"d"}}"#, false),
        (
            #"{"awsElasticBlockStore":{"volumeID":"v","readOnly":true}}"#,
            #"{"awsElasticBlockStore":{"volumeID":"v"}}"#, true
        ),
        (#"{"azureFile":{"shareName":"a"}}"#, #"{"azureFile":{"shareName":"b"}}"#, false),
        (#"{"nfs":{"server":"s","path":"/x"}}"#, #"{"csi":{"driver":"d","volumeHandle":"h"}}"#, false),
    ])
    func theSameStorage(_ one: String, _ other: String, _ isSame: Bool) throws {
        func volume(_ spec: String) throws -> KubernetesObject {
            try Self.object(#"{"metadata":{"name":"pv"},"spec":\#(spec)}"#)
        }
        let placed = try #require(PlacedVolume(try volume(one)))
        var claimed = ClaimedVolume(claim: ClaimName(namespace: "x", name: "y"))
        claimed.take(try volume(other))
        #expect(placed.overlaps(claimed) == isSame)
    }

    @Test func rowsComeBackAsTheyWereWritten() throws {
        var record = VolumeRecord(
            claim: ClaimName(namespace: "a", name: "b"), method: .fsBackup, reason: "why", phase: .partiallyFailed)
        record.volume = "pv"
        record.storageClass = "gold"
        record.error = "3 entries"
        var data = VolumeRecord.Data(repository: "r", snapshot: "s")
        data.path = "/srv"
        data.totals.files = 1
        data.totals.errors = 6
        record.data = data
        #expect(VolumeRecord(json: record.json) == record)
        // What a version before this wrote.
        let old = try #require(VolumeRecord(json: ["namespace": "a", "claim": "b", "method": "none", "reason": "x"]))
        #expect(old.method == .skip && old.phase == .skipped && old.data == nil)
        #expect(VolumeRecord(json: ["namespace": "a"]) == nil)
    }
}
