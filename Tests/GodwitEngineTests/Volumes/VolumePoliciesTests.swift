import GodwitModel
import Testing

@testable import GodwitEngine

/// Velero's volume policies: what fits, and what is refused.
@Suite struct VolumePoliciesTests {
    private static func volume(_ change: (inout ClaimedVolume) -> Void) -> ClaimedVolume {
        var volume = ClaimedVolume(claim: ClaimName(namespace: "shop", name: "data"))
        volume.volumeName = "pv-1"
        volume.capacity = Quantity.bytes("10Gi")
        volume.storageClass = "gold"
        volume.phase = "Bound"
        volume.labels = ["app": "db", "tier": "back"]
        volume.source = VolumeSource(type: "csi")
        volume.source?.driver = "ebs.csi.aws.com"
        volume.source?.attributes = ["fsType": "ext4", "zone": "a"]
        change(&volume)
        return volume
    }

    private static func fits(
        _ conditions: String, _ change: (inout ClaimedVolume) -> Void = { _ in }
    ) throws -> Bool {
        let text = #"{"version":"v1","volumePolicies":[{"conditions":\#(conditions),"action":{"type":"skip"}}]}"#
        return try VolumePolicies(JSONValue(parsing: text)).decision(for: volume(change)) != nil
    }

    @Test(arguments: [
        (#"{}"#, true), (#"{"capacity":"10Gi,20Gi"}"#, true), (#"{"capacity":"1Gi,10Gi"}"#, true),
        (#"{"capacity":",9Gi"}"#, false), (#"{"capacity":"11Gi,"}"#, false), (#"{"capacity":"0,"}"#, true),
        (#"{"storageClass":["gold","silver"]}"#, true), (#"{"storageClass":["silver"]}"#, false),
        (#"{"csi":{}}"#, true), (#"{"csi":null}"#, true), (#"{"nfs":{}}"#, false),
        (#"{"csi":{"driver":"ebs.csi.aws.com"}}"#, true), (#"{"csi":{"driver":"other"}}"#, false),
        (#"{"csi":{"driver":"ebs.csi.aws.com","volumeAttributes":{"fsType":"ext4"}}}"#, true),
        (#"{"csi":{"volumeAttributes":{"fsType":"xfs"}}}"#, false),
        (#"{"volumeTypes":["nfs","csi"]}"#, true), (#"{"volumeTypes":["hostPath"]}"#, false),
        (#"{"pvcLabels":{"app":"db"}}"#, true), (#"{"pvcLabels":{"app":"db","tier":"front"}}"#, false),
        (#"{"pvcPhase":["Bound"]}"#, true), (#"{"pvcPhase":["Pending","Lost"]}"#, false),
        (#"{"storageClass":["gold"],"volumeTypes":["hostPath"]}"#, false),
    ])
    func conditions(_ text: String, fit: Bool) throws {
        #expect(try Self.fits(text) == fit)
    }

    @Test func whatIsNotKnownFitsNoConditionAboutIt() throws {
        #expect(try !Self.fits(#"{"capacity":"0,"}"#) { $0.capacity = nil })
        #expect(try !Self.fits(#"{"volumeTypes":["csi"]}"#) { $0.source = nil })
    }

    @Test func nfsIsToldByServerAndPath() throws {
        func nfs(_ volume: inout ClaimedVolume) {
            volume.source = VolumeSource(type: "nfs")
            volume.source?.server = "10.0.0.1"
            volume.source?.path = "/export"
        }
        #expect(try Self.fits(#"{"nfs":{}}"#, nfs))
        #expect(try Self.fits(#"{"nfs":{"server":"10.0.0.1"}}"#, nfs))
        #expect(try Self.fits(#"{"nfs":{"server":"10.0.0.1","path":"/export"}}"#, nfs))
        #expect(try !Self.fits(#"{"nfs":{"server":"10.0.0.1","path":"/other"}}"#, nfs))
        #expect(try !Self.fits(#"{"nfs":{"server":"10.0.0.2"}}"#, nfs))
    }

    @Test func theFirstRuleThatFitsCounts() throws {
        let policies = try VolumePolicies(
            JSONValue(
                parsing: """
                    {"version":"v1","volumePolicies":[
                      {"conditions":{"storageClass":["silver"]},"action":{"type":"skip"}},
                      {"conditions":{"storageClass":["gold"]},"action":{"type":"fs-backup"}},
                      {"conditions":{},"action":{"type":"snapshot"}}]}
                    """))
        let decision = try #require(policies.decision(for: Self.volume { _ in }))
        #expect(decision.action == .fsBackup && decision.number == 2)
    }

    @Test(arguments: [
        (#"[]"#, "not a mapping"), (#"{"version":"v2"}"#, "not v1"),
        (#"{"version":"v1","volumePolicies":{}}"#, "not a list"),
        (#"{"version":"v1","includeExcludePolicy":{}}"#, "--include-resources"),
        (#"{"version":"v1","volumePolicies":[{"action":{"type":"delete"}}]}"#, "'delete'"),
        (#"{"version":"v1","volumePolicies":[{}]}"#, "volumePolicies[0].action.type"),
        (#"{"version":"v1","volumePolicies":[{"action":{"type":"skip"},"when":{}}]}"#, "volumePolicies[0].when"),
        (#"{"version":"v1","volumePolicies":[{"action":{"type":"skip"},"conditions":{"size":1}}]}"#, "size"),
        (#"{"version":"v1","volumePolicies":[{"action":{"type":"skip"},"conditions":{"capacity":"5Gi"}}]}"#, "5Gi"),
        (#"{"version":"v1","volumePolicies":[{"action":{"type":"skip"},"conditions":{"capacity":"9Gi,1Gi"}}]}"#, "9Gi"),
        (#"{"version":"v1","volumePolicies":[{"action":{"type":"skip"},"conditions":{"capacity":","}}]}"#, "','"),
        (#"{"version":"v1","volumePolicies":[{"action":{"type":"skip"},"conditions":{"storageClass":"x"}}]}"#, "list"),
        (#"{"version":"v1","volumePolicies":[{"action":{"type":"skip"},"conditions":{"nfs":{"host":"x"}}}]}"#, "host"),
        (
            #"{"version":"v1","volumePolicies":[{"action":{"type":"skip"},"conditions":{"pvcLabels":{"a":1}}}]}"#,
            "texts"
        ),
    ])
    func whatIsNotUnderstoodIsRefused(_ text: String, _ word: String) throws {
        let document = try JSONValue(parsing: text)
        let error = try #require(throws: VolumePolicyError.self) { try VolumePolicies(document) }
        #expect(error.summary.contains(word), "\(error.summary)")
    }

    @Test(arguments: [
        ("10Gi", 10_737_418_240), ("1.5G", 1_500_000_000), ("500m", 1), ("1e3", 1000), ("12E2", 1200), ("1Ki", 1024),
        ("0", 0), ("2k", 2000),
    ])
    func quantities(_ text: String, _ bytes: Int64) { #expect(Quantity.bytes(text) == bytes) }

    @Test(arguments: ["", "Gi", "10GiB", "ten", "1e", "1e99", "-5", "9999999999E", "1.2.3", "1 Gi"])
    func noQuantities(_ text: String) { #expect(Quantity.bytes(text) == nil) }
}
