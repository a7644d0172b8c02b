import GodwitModel
import RestoreFixes
import Testing

@Suite struct JobActionTests {
    private let action = JobAction()

    @Test func removesTheOldUidOf130() async throws {
        let job = try object(
            """
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"n","labels":{
            "batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"j","controller-uid":"u","job-name":"j"}},
            "spec":{"selector":{"matchLabels":{"batch.kubernetes.io/controller-uid":"u"}},"template":{"metadata":{"labels":{
            "batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"j","controller-uid":"u","job-name":"j"}},
            "spec":{"containers":[]}}}}
            """)
        let labels: JSONValue = ["batch.kubernetes.io/job-name": "j", "job-name": "j"]
        let restored = try await action.restored(job)
        #expect(restored[path: "metadata", "labels"] == labels)
        #expect(restored[path: "spec", "template", "metadata", "labels"] == labels)
        #expect(restored[path: "spec", "selector"] == nil)
    }

    @Test func keepsOtherLabelsOfTheSelector() async throws {
        let job = try object(
            """
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"selector":{"matchLabels":
            {"controller-uid":"u","app":"x"}},"template":{"metadata":{"labels":{"controller-uid":"u","app":"x"}}}}}
            """)
        let restored = try await action.restored(job)
        #expect(restored[path: "spec", "selector", "matchLabels"] == ["app": "x"])
    }

    @Test func leavesAManualSelector() async throws {
        let job = try object(
            """
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"manualSelector":true,
            "selector":{"matchLabels":{"controller-uid":"mine"}},"template":{"metadata":{"labels":{"controller-uid":"mine"}}}}}
            """)
        #expect(try await action.restored(job) == job)
    }
}
