import GodwitModel
import Testing

@testable import FieldPaths

@Suite struct FieldPathTests {
    private let pod: JSONValue = [
        "spec": ["containers": [["image": "a"], ["image": "b"], ["name": "c"]]],
        "metadata": ["annotations": ["example.com/image": "d"]],
    ]

    @Test(arguments: [
        ("spec.containers[*].image", ["a", "b"]), ("spec.containers[1].image", ["b"]),
        ("spec.containers[7].image", []), ("metadata.annotations['example.com/image']", ["d"]),
        ("metadata.annotations[*]", ["d"]), ("spec.image", []), ("spec.containers.image", []),
    ])
    func reaches(path: String, expected: [String]) throws {
        let found = try FieldPath(parsing: path).values(in: KubernetesObject(pod))
        #expect(found.compactMap(\.string) == expected)
    }

    @Test func changesWhatItReachesAndCreatesNothing() throws {
        var value = pod
        FieldPath("spec.containers[*].image").update(&value) { $0 = "z" }
        FieldPath("spec.missing.image").update(&value) { $0 = "z" }
        #expect(value["spec"] == ["containers": [["image": "z"], ["image": "z"], ["name": "c"]]])
        #expect(value["metadata"] == pod["metadata"])
    }

    @Test func keepsTheValueWhenTheBodyThrows() {
        struct Fault: Error {}
        var value = pod
        #expect(throws: Fault.self) {
            try FieldPath("spec.containers[*].image").update(&value) { _ in throw Fault() }
        }
        #expect(value == pod)
    }

    @Test(arguments: ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[-1]", "a]b", "a['b", "a['b'", "a[*]b"])
    func refuses(path: String) {
        #expect(throws: FieldPathError.self) { try FieldPath(parsing: path) }
    }
}
