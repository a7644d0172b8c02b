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

    @Test(arguments: ["deployment", "statefulset", "replicaset", "replicationcontroller", "deploymentconfig"])
    func replicasAreSetAndPutBack(sample: String) async throws {
        let original = try Samples.named(sample)
        let scaled = try await Replicas(.set(0)).restored(original)
        #expect(scaled[path: "spec", "replicas"] == 0)
        let count = try #require(original[path: "spec", "replicas"]?.integer)
        #expect(scaled.annotations["godwit.io/original-replicas"] == "\(count)")
        // A second restore with another number does not forget the first.
        let again = try await Replicas(.set(1)).restored(scaled)
        #expect(again.annotations == scaled.annotations && again[path: "spec", "replicas"] == 1)
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
        let quiesced = try annotated("deployment", [annotation: "7", "mine": "stays"])
        let restored = try await Replicas(.restoreOriginal).restored(quiesced)
        #expect(restored[path: "spec", "replicas"] == 7 && restored.annotations == ["mine": "stays"])
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

    @Test func whatMTCKeptOfACronJobIsPutBack() async throws {
        let quiesced = try annotated("cronjob", ["migration.openshift.io/preQuiesceSuspend": "true"])
        let restored = try await CronJobSuspension(.restoreOriginal).restored(quiesced)
        #expect(restored[path: "spec", "suspend"] == true && restored[path: "metadata", "annotations"] == nil)
        let odd = try annotated("cronjob", ["godwit.io/original-suspend": "perhaps"])
        #expect(
            try await CronJobSuspension(.restoreOriginal).outcome(odd).warnings == [
                "the annotation godwit.io/original-suspend holds 'perhaps', neither true nor false"
            ])
    }
}
