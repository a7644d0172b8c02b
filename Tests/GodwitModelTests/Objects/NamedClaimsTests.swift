import GodwitModel
import Testing

@Suite struct NamedClaimsTests {
    @Test(arguments: [
        ("Pod", #""spec":SPEC"#), ("VirtualMachineInstance", #""spec":SPEC"#),
        ("Deployment", #""spec":{"template":{"spec":SPEC}}"#),
        ("VirtualMachine", #""spec":{"template":{"spec":SPEC}}"#),
        ("CronJob", #""spec":{"jobTemplate":{"spec":{"template":{"spec":SPEC}}}}"#),
        ("VirtualMachinePool", #""spec":{"virtualMachineTemplate":{"spec":{"template":{"spec":SPEC}}}}"#),
    ])
    func ofEachKind(_ kind: String, _ form: String) throws {
        let spec = """
            {"volumes":[{"name":"a","persistentVolumeClaim":{"claimName":"a"}},{"name":"b","dataVolume":{"name":"b"}},
            {"name":"c","ephemeral":{"persistentVolumeClaim":{"claimName":"c"}}},
            {"name":"d","memoryDump":{"claimName":"d"}},{"name":"e","emptyDir":{}},
            {"name":"f","ephemeral":{"volumeClaimTemplate":{"spec":{}}}}]}
            """
        let text =
            #"{"kind":"\#(kind)","metadata":{"name":"x","namespace":"shop"},"#
            + form.replacing("SPEC", with: spec) + "}"
        let object = try KubernetesObject(parsing: Array(text.utf8))
        #expect(object.namedClaims.map(\.description).sorted() == ["shop/a", "shop/b", "shop/c", "shop/d"])
    }

    @Test func ofOthersThereAreNone() throws {
        let text = #"{"kind":"ConfigMap","metadata":{"name":"x","namespace":"shop"},"data":{"claimName":"a"}}"#
        #expect(try KubernetesObject(parsing: Array(text.utf8)).namedClaims.isEmpty)
    }
}
