import GodwitTestKit
import Testing

@Suite(.enabled(if: MotoVolumes.isThere, "needs the testbed")) struct EBSContractTests {
    @Test(arguments: VolumeSnapshotterContract.checks.map(\.name))
    func contract(check: String) async throws {
        let check = try #require(VolumeSnapshotterContract.check(named: check))
        let outcome = await check.run(try MotoVolumes().subject)
        if case .failed(let why) = outcome { Issue.record("\(check.name): \(why)") }
    }
}
