import CronJobSuspension
import GodwitModel
import GodwitPluginAPI
import Replicas
import Testing

/// Replicas and CronJobs: set on restore, and put back by a later one.
@Suite struct ScalingTests {
    private func annotated(_ sample: String, _ annotations: [String: String]) throws -> KubernetesObject {
        var object = try Samples.named(sample)
        object.annotations = annotations
        return object
    }

    @Test(arguments: [
        "deployment", "statefulset", "replicaset", "replicationcontroller", "deploymentconfig", "machinereplicaset",
        "machinepool",
    ])
    func replicasAreSetAndPutBack(sample: String) async throws {
        let original = try Samples.named(sample)
        let scaled = try await Replicas(.set(0)).restored(original)
        #expect(scaled[path: "spec", "replicas"] == 0)
        let count = try #require(original[path: "spec", "replicas"]?.integer)
        #expect(scaled.annotations["godwit.io/original-replicas"] == "\(count)")
        // A second restore with another number does not forget the first.
        let again = try await Replicas(.set(1)).restored(scaled)
        #expect(
            again.annotations == ["godwit.io/original-replicas": "\(count)", "godwit.io/set-replicas": "1"])
        #expect(again[path: "spec", "replicas"] == 1)
        #expect(try await Replicas(.restoreOriginal).restored(again) == cleaned(original))
    }

    @Test func theServersDefaultIsOne() async throws {
        var deployment = try Samples.named("deployment")
        deployment[path: "spec", "replicas"] = nil
        #expect(try await Replicas(.set(1)).restored(deployment) == cleaned(deployment))
        #expect(try await Replicas(.set(0)).restored(deployment).annotations["godwit.io/original-replicas"] == "1")
    }

    @Test(arguments: [(0, 5, 0), (3, 5, 3), (3, 2, 2)])
    func oldRevisionsGetNoMoreThanTheyHad(had: Int64, asked: Int32, expected: Int64) async throws {
        var set = try Samples.named("replicaset")
        set[path: "spec", "replicas"] = .integer(had)
        set[path: "metadata", "ownerReferences"] = [
            ["apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u", "controller": true]
        ]
        #expect(try await Replicas(.set(asked)).restored(set)[path: "spec", "replicas"] == .integer(expected))
    }

    @Test(arguments: [
        "migration.openshift.io/preQuiesceReplicas", "oadp.openshift.io/original-replicas",
        "godwit.io/original-replicas",
    ])
    func whatOtherToolsKeptIsPutBack(annotation: String) async throws {
        var quiesced = try annotated("deployment", [annotation: "7", "mine": "stays"])
        quiesced[path: "spec", "replicas"] = 0
        let restored = try await Replicas(.restoreOriginal).restored(quiesced)
        #expect(restored[path: "spec", "replicas"] == 7 && restored.annotations == ["mine": "stays"])
        // Scaled to another number, it is still that one which counts.
        let scaled = try await Replicas(.set(1)).restored(quiesced)
        #expect(scaled.annotations["godwit.io/original-replicas"] == "7")
        #expect(try await Replicas(.restoreOriginal).restored(scaled)[path: "spec", "replicas"] == 7)
    }

    @Test(arguments: [
        ["godwit.io/original-replicas": "5", "godwit.io/set-replicas": "0"],
        ["migration.openshift.io/preQuiesceReplicas": "5"], ["oadp.openshift.io/original-replicas": "5"],
    ])
    func whatWasScaledSinceStaysAsItIs(kept: [String: String]) async throws {
        var scaled = try annotated("deployment", kept)
        scaled[path: "spec", "replicas"] = 8
        let annotation = try #require(kept.keys.min())
        let outcome = try await Replicas(.restoreOriginal).outcome(scaled)
        #expect(outcome.item?[path: "spec", "replicas"] == 8)
        #expect(outcome.item?[path: "metadata", "annotations"] == nil)
        #expect(
            outcome.warnings == [
                "it stays at 8 replicas, because it was scaled since 5 were kept in the annotation \(annotation)"
            ])
        // The next restore keeps what it found.
        let again = try await Replicas(.set(0)).restored(scaled)
        #expect(again.annotations["godwit.io/original-replicas"] == "8")
        #expect(try await Replicas(.restoreOriginal).restored(again)[path: "spec", "replicas"] == 8)
        // Who has put it back already has nothing to be told of.
        scaled[path: "spec", "replicas"] = 5
        let same = try await Replicas(.restoreOriginal).outcome(scaled)
        #expect(same.item?[path: "metadata", "annotations"] == nil && same.warnings.isEmpty)
    }

    /// The Deployment has rolled out another revision since, and scales its ReplicaSets itself.
    @Test(arguments: ["replicaset", "replicationcontroller"])
    func anOldRevisionIsNotStartedAgain(sample: String) async throws {
        let owner: JSONValue = [
            "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u", "controller": true,
        ]
        var revision = try Samples.named(sample)
        revision[path: "metadata", "ownerReferences"] = [owner]
        var scaled = try await Replicas(.set(0)).restored(revision)
        // Restored, it has no owner until one adopts it; without one its number is all there is.
        let alone = try await Replicas(.restoreOriginal).restored(scaled)
        #expect(alone[path: "spec", "replicas"] == revision[path: "spec", "replicas"])
        scaled[path: "metadata", "ownerReferences"] = [owner]
        let adopted = try await Replicas(.restoreOriginal).outcome(scaled)
        #expect(adopted.item?[path: "spec", "replicas"] == 0)
        #expect(adopted.item?[path: "metadata", "annotations"] == nil && adopted.warnings.isEmpty)
    }

    /// A workload of an operator, which may have left the number to others.
    @Test func whatAnOperatorOwnsIsPutBack() async throws {
        var set = try Samples.named("statefulset")
        set[path: "metadata", "ownerReferences"] = [
            ["apiVersion": "example.com/v1", "kind": "Database", "name": "db", "uid": "u", "controller": true]
        ]
        var scaled = try await Replicas(.set(0)).restored(set)
        scaled[path: "metadata", "ownerReferences"] = set[path: "metadata", "ownerReferences"]
        #expect(try await Replicas(.restoreOriginal).restored(scaled) == cleaned(set))
    }

    @Test(arguments: ["many", "-1", "", "99999999999"])
    func aNumberThatIsNoneIsTold(text: String) async throws {
        let item = try annotated("deployment", ["godwit.io/original-replicas": text])
        let outcome = try await Replicas(.restoreOriginal).outcome(item)
        #expect(outcome.item == cleaned(item))
        #expect(
            outcome.warnings == [
                "the annotation godwit.io/original-replicas holds '\(text)', which is no number of replicas"
            ])
    }

    @Test func cronJobsAreSuspendedAndSetGoingAgain() async throws {
        let original = try Samples.named("cronjob")
        let suspended = try await CronJobSuspension(.suspend).restored(original)
        #expect(suspended[path: "spec", "suspend"] == true)
        #expect(try await CronJobSuspension(.restoreOriginal).restored(suspended) == cleaned(original))
        // One that its user suspended stays so.
        var users = original
        users[path: "spec", "suspend"] = true
        #expect(try await CronJobSuspension(.suspend).restored(users) == cleaned(users))
        #expect(try await CronJobSuspension(.restoreOriginal).restored(users) == cleaned(users))
    }

    /// MTC marks what it suspended, with the same value every time; its way back is to set it going.
    @Test(arguments: ["true", "false", ""]) func aCronJobThatMTCSuspendedGoesAgain(mark: String) async throws {
        var quiesced = try annotated("cronjob", ["migration.openshift.io/preQuiesceSuspend": mark])
        quiesced[path: "spec", "suspend"] = true
        let restored = try await CronJobSuspension(.restoreOriginal).restored(quiesced)
        #expect(restored[path: "spec", "suspend"] == false && restored[path: "metadata", "annotations"] == nil)
        // Godwit's own annotation is a state, and says more.
        quiesced.annotations["godwit.io/original-suspend"] = "true"
        let kept = try await CronJobSuspension(.restoreOriginal).restored(quiesced)
        #expect(kept[path: "spec", "suspend"] == true && kept[path: "metadata", "annotations"] == nil)
        let odd = try annotated("cronjob", ["godwit.io/original-suspend": "perhaps"])
        #expect(
            try await CronJobSuspension(.restoreOriginal).outcome(odd).warnings == [
                "the annotation godwit.io/original-suspend holds 'perhaps', neither true nor false"
            ])
    }

    /// As a restore with rules for annotations hands it on.
    @Test func whatIsKeptIsReadEvenIfItsAnnotationWasDropped() async throws {
        let original = try annotated("deployment", ["godwit.io/original-replicas": "7"])
        var item = cleaned(original)
        item.annotations = [:]
        let back = try await Replicas(.restoreOriginal).execute(item, original: original, context: FakeRestoreContext())
        #expect(back.item?[path: "spec", "replicas"] == 7)
        let again = try await Replicas(.set(0)).execute(item, original: original, context: FakeRestoreContext())
        #expect(
            again.item?.annotations == ["godwit.io/original-replicas": "7", "godwit.io/set-replicas": "0"])
    }

    @Test func jobsThatMTCQuiescedGoAgain() async throws {
        var job = try annotated("job", ["migration.openshift.io/preQuiesceReplicas": "4"])
        job[path: "spec", "parallelism"] = 0
        let restored = try await Replicas(.restoreOriginal).restored(job)
        #expect(restored[path: "spec", "parallelism"] == 4 && restored[path: "spec", "replicas"] == nil)
        #expect(restored[path: "metadata", "annotations"] == nil)
        // Nothing is kept of a Job or DaemonSet by a restore with a number, which leaves them alone.
        #expect(!Replicas(.set(0)).appliesTo.includedResources.contains("jobs.batch"))
        #expect(Replicas(.restoreOriginal).appliesTo.includedResources.contains("jobs.batch"))
        #expect(Replicas(.restoreOriginal).appliesTo.includedResources.contains("daemonsets.apps"))
    }

    @Test func daemonSetsThatMTCQuiescedFindTheirNodes() async throws {
        let place: ArraySlice<String> = ["spec", "template", "spec", "nodeSelector"]
        func quiesced(_ selector: String) throws -> KubernetesObject {
            var set = try annotated("daemonset", ["migration.openshift.io/preQuiesceNodeSelector": selector])
            set.value[path: place]?["migration.openshift.io/quiesceDaemonSet"] = "true"
            return set
        }
        let restored = try await Replicas(.restoreOriginal).restored(try quiesced(#"{"disktype":"ssd"}"#))
        #expect(restored.value[path: place] == ["disktype": "ssd"])
        #expect(restored[path: "metadata", "annotations"] == nil)
        let everywhere = try await Replicas(.restoreOriginal).restored(try quiesced("{}"))
        #expect(everywhere.value[path: place] == nil)
        for text in ["{", #"{"a":1}"#, "[]"] {
            let odd = try quiesced(text)
            let outcome = try await Replicas(.restoreOriginal).outcome(odd)
            #expect(outcome.item == cleaned(odd))
            #expect(
                outcome.warnings == [
                    "the annotation migration.openshift.io/preQuiesceNodeSelector holds '\(text)', which is no node selector"
                ])
        }
        // One that was set going since keeps what it has.
        let since = try annotated("daemonset", ["migration.openshift.io/preQuiesceNodeSelector": "{}"])
        let left = try await Replicas(.restoreOriginal).restored(since)
        #expect(left.value[path: place] == since.value[path: place] && left.annotations.isEmpty)
    }

    @Test func aDeploymentConfigThatOADPChangedIsPutBack() async throws {
        var config = try annotated(
            "deploymentconfig",
            ["oadp.openshift.io/original-replicas": "2", "oadp.openshift.io/original-paused": "true"])
        config[path: "spec", "replicas"] = 0
        config[path: "spec", "paused"] = false
        config.labels = ["app": "web", "oadp.openshift.io/replicas-modified": "restore-1"]
        let restored = try await Replicas(.restoreOriginal).restored(config)
        #expect(restored[path: "spec", "replicas"] == 2 && restored[path: "spec", "paused"] == true)
        #expect(restored.labels == ["app": "web"] && restored[path: "metadata", "annotations"] == nil)
        config.annotations["oadp.openshift.io/original-paused"] = "false"
        #expect(try await Replicas(.restoreOriginal).restored(config)[path: "spec", "paused"] == false)
        config.annotations["oadp.openshift.io/original-paused"] = "x"
        #expect(
            try await Replicas(.restoreOriginal).outcome(config).warnings == [
                "the annotation oadp.openshift.io/original-paused holds 'x', neither true nor false"
            ])
    }
}
