import ProgramTestKit
import Testing

/// The round trip that `make prove` runs with a million entries, smaller. The comparison knows nothing of Godwit's code.
@Suite struct VolumeScaleTests {
    @Test func fiftyThousandEntriesAndAHundredGibibytesOfHoles() async throws {
        let workspace = try Workspace()
        let run = try await workspace.start(
            program: Checkout.path("scripts/prove-scale"),
            ["--entries", "50000", "--sparse", "100", "--folder", workspace.folder, Checkout.godwit]
        ).wait()
        #expect(run.status == 0, "\(run)")
        print(run.output)
    }
}
