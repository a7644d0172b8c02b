import ProgramTestKit
import Testing

/// How scripts/testbed tells whether what it started still runs: nothing starts where that is wrong for a moment.
struct TestbedProcessesTests {
    @Test func aProcessThatBecomesAnotherProgramIsAlive() async throws {
        let workspace = try Workspace()
        try workspace.write(
            "if (($1 > 0)); then exec bash \"$0\" $(($1 - 1)); fi\nexec sleep 600\n", to: "chain")
        let run = try await workspace.bash(
            """
            set -euo pipefail
            state=$WORK
            mkdir "$state/pids" "$state/logs"
            . "$LIBRARY/processes.sh"
            spawn chain bash "$WORK/chain" 400
            trap 'kill "$(process_id chain)"' EXIT
            asked=0
            until grep -q '^sleep' "/proc/$(process_id chain)/comm"; do
                alive chain || { echo "not alive after $asked questions"; exit 1; }
                asked=$((asked + 1))
            done
            trap - EXIT
            end_processes chain
            if alive chain; then echo "alive after its end"; exit 1; fi
            """,
            environment: ["WORK": workspace.folder, "LIBRARY": Checkout.path("scripts/testbed.d")])
        #expect(run.status == 0, "\(run)")
    }

    @Test func aProcessThatEndedAndIsNotYetNoticedIsNotAlive() async throws {
        let workspace = try Workspace()
        let run = try await workspace.bash(
            """
            set -euo pipefail
            state=$WORK
            mkdir "$state/pids" "$state/logs"
            . "$LIBRARY/processes.sh"
            # sleep knows nothing of the child that it inherits with its place, and never asks for its end.
            bash -c '(until grep -q "^sleep" /proc/$$/comm; do sleep 0.02; done) & echo $!; exec sleep 600' >"$WORK/ended" &
            parent=$!
            trap 'kill $parent' EXIT
            until [[ -s $WORK/ended ]]; do sleep 0.02; done
            ended=$(<"$WORK/ended")
            until grep -q '^State:.*Z' "/proc/$ended/status"; do sleep 0.02; done
            if start_time "$ended"; then echo "$ended counts as running"; exit 1; fi
            """,
            environment: ["WORK": workspace.folder, "LIBRARY": Checkout.path("scripts/testbed.d")])
        #expect(run.status == 0, "\(run)")
    }
}
