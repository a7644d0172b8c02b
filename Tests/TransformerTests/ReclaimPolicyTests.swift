import GodwitModel
import GodwitPluginAPI
import ReclaimPolicy
import Testing

@Suite struct ReclaimPolicyTests {
    private func volume(_ policy: String?, annotations: JSONValue? = nil) -> KubernetesObject {
        var volume = KubernetesObject([
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": "pv"],
            "spec": ["capacity": ["storage": "1Gi"]],
        ])
        volume[path: "spec", "persistentVolumeReclaimPolicy"] = policy.map { .string($0) }
        volume[path: "metadata", "annotations"] = annotations
        return volume
    }

    private func kept(_ original: String, set: String) -> JSONValue {
        [
            ReclaimPolicy.originalPolicyAnnotation: .string(original),
            ReclaimPolicy.setPolicyAnnotation: .string(set),
        ]
    }

    @Test func setsThePolicyAndKeepsTheOriginal() async throws {
        let restored = try await ReclaimPolicy(.set(.retain)).restored(volume("Delete"))
        #expect(restored == volume("Retain", annotations: kept("Delete", set: "Retain")))
    }

    @Test func leavesAVolumeThatHasThePolicy() async throws {
        #expect(try await ReclaimPolicy(.set(.retain)).restored(volume("Retain")) == volume("Retain"))
        #expect(try await ReclaimPolicy(.set(.retain)).restored(volume(nil)) == volume(nil))
    }

    @Test func theFirstOriginalStays() async throws {
        let once = try await ReclaimPolicy(.set(.retain)).restored(volume("Delete"))
        let twice = try await ReclaimPolicy(.set(.recycle)).restored(once)
        #expect(twice == volume("Recycle", annotations: kept("Delete", set: "Recycle")))
    }

    /// Who has chosen another policy since knows better.
    @Test func whatWasChangedSinceStays() async throws {
        let changed = volume("Retain", annotations: kept("Delete", set: "Recycle"))
        let outcome = try await ReclaimPolicy(.restoreOriginal).outcome(changed)
        #expect(outcome.item == volume("Retain"))
        #expect(outcome.warnings.count == 1 && outcome.warnings[0].contains("stays Retain"), "\(outcome.warnings)")
        let again = try await ReclaimPolicy(.set(.delete)).restored(changed)
        #expect(again == volume("Delete", annotations: kept("Retain", set: "Delete")))
        // Back where it was before: there is nothing to say.
        let same = try await ReclaimPolicy(.restoreOriginal).outcome(
            volume("Delete", annotations: kept("Delete", set: "Retain")))
        #expect(same.item == volume("Delete") && same.warnings.isEmpty)
    }

    @Test func putsTheOriginalBack() async throws {
        let moved = try await ReclaimPolicy(.set(.retain)).restored(volume("Delete"))
        #expect(try await ReclaimPolicy(.restoreOriginal).restored(moved) == volume("Delete"))
        #expect(try await ReclaimPolicy(.restoreOriginal).restored(volume("Retain")) == volume("Retain"))
    }

    /// As a restore with rules for annotations hands it on.
    @Test func whatIsKeptIsReadEvenIfItsAnnotationWasDropped() async throws {
        let original = volume("Retain", annotations: [ReclaimPolicy.originalPolicyAnnotation: "Delete"])
        let back = try await ReclaimPolicy(.restoreOriginal).execute(
            volume("Retain"), original: original, context: FakeRestoreContext())
        #expect(back == .restore(volume("Delete")))
        let again = try await ReclaimPolicy(.set(.recycle)).execute(
            volume("Retain"), original: original, context: FakeRestoreContext())
        #expect(again.item == volume("Recycle", annotations: kept("Delete", set: "Recycle")))
    }

    @Test func warnsOfAnAnnotationThatIsNoPolicy() async throws {
        let odd = volume("Retain", annotations: [ReclaimPolicy.originalPolicyAnnotation: "Keep"])
        let outcome = try await ReclaimPolicy(.restoreOriginal).outcome(odd)
        #expect(outcome.item == odd)
        #expect(outcome.warnings.count == 1)
    }
}
