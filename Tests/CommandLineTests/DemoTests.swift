import Foundation
import ProgramTestKit
import Testing

/// `make demo`, as it is.
@Suite struct DemoTests {
    @Test func theDemoWithoutAClusterWorks() async throws {
        let workspace = try Workspace()
        let run = try await workspace.start(
            program: Checkout.path("scripts/demo"), [Checkout.godwit]
        ).wait()
        #expect(run.status == 0, "\(run)")
        #expect(run.output.hasSuffix("\ndemo: ok\n"), "\(run)")
        #expect(run.output.contains("mirror.example.com/hub/"), "\(run)")
        #expect(Workspace.files(below: workspace.path("tmp")).isEmpty, "nothing is left behind")
    }

    @Test func aDemoThatFailsSaysSo() async throws {
        let workspace = try Workspace()
        try workspace.write("#!/bin/sh\necho nope >&2; exit 1\n", to: "broken")
        let script = Checkout.path("scripts/demo")
        let run = try await workspace.bash("chmod +x broken; '\(script)' ./broken")
        #expect(run.status == 1 && run.errors.contains("demo: FAILED"), "\(run)")
        #expect(!run.output.contains("demo: ok"))
        let usage = try await workspace.bash("'\(script)'")
        #expect(usage.status == 2, "\(usage)")
    }
}
