import CloudStorage
import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// `godwit plugin test` of the built-in snapshotter, on a volume that is given.
@Suite(.enabled(if: MotoVolumes.isThere, "needs the testbed")) struct EBSProgramTests {
    @Test(arguments: ["godwit.io/ebs", "velero.io/aws"]) func pluginTest(name: String) async throws {
        let moto = try MotoVolumes()
        let workspace = try Workspace()
        let volume = try await moto.make()
        let manifest = try workspace.write(
            String(decoding: try MotoVolumes.persistentVolume(volume).serialized(), as: UTF8.self), to: "pv.json")
        let settings = [
            "endpoint=\(MotoVolumes.value("ENDPOINT") ?? "")", "region=\(MotoVolumes.value("REGION") ?? "us-east-1")",
        ]
        let run = try await workspace.start(
            [
                "plugin", "test", name, "--snapshot-config", settings.joined(separator: ","), "--persistent-volume",
                manifest, "-o", "json",
            ],
            environment: [
                "AWS_ACCESS_KEY_ID": MotoVolumes.value("ACCESS_KEY") ?? "",
                "AWS_SECRET_ACCESS_KEY": MotoVolumes.value("SECRET_KEY") ?? "",
            ]
        ).wait()
        #expect(run.status == 0, "\(run)")
        let rows = try #require(try JSONValue(parsing: run.output).array)
        let held = rows.filter { $0["outcome"] == "held" }.compactMap { $0["check"]?.string }
        for check in ["volume.rewrite", "volume.info", "snapshot.missing", "delete.twice", "optional.exists"] {
            #expect(held.contains(check), "\(check): \(run)")
        }
        #expect(try await moto.snapshots(of: volume).isEmpty)
        let remains = rows.flatMap { $0["remains"]?.array ?? [] }.compactMap(\.string)
        #expect(!remains.isEmpty && remains.allSatisfy { $0.hasPrefix("volume vol-") }, "\(run)")
        for thing in remains {
            let id = String(thing.dropFirst("volume ".count))
            #expect(try await moto.volume(id).text("availabilityZone") == MotoVolumes.zone)
            try await moto.remove(id)
        }
        try await moto.remove(volume)
    }
}
