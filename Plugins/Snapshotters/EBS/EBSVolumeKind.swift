import CloudStorage
import GodwitPluginAPI

/// The kinds of volumes, and what can be chosen of each.
///
/// Source: "Amazon EBS volume types" in the Amazon EBS user guide, and CreateVolume in the EC2 API reference.
enum EBSVolumeKind {
    /// Of these IOPS are chosen; those of `gp2`, `st1`, `sc1` and `standard` follow from the size.
    private static let withIOPS: Set<String> = ["io1", "io2", "gp3"]
    private static let withThroughput: Set<String> = ["gp3"]
    /// These can be attached to several instances at a time.
    private static let withMultiAttach: Set<String> = ["io1", "io2"]

    /// What is known of a volume as DescribeVolumes describes it.
    static func info(of volume: XMLElement) -> VolumeInfo {
        let type = volume.text("volumeType") ?? ""
        return VolumeInfo(
            type: type, iops: withIOPS.contains(type) ? volume.text("iops").flatMap(Int64.init) : nil,
            throughput: withThroughput.contains(type) ? volume.text("throughput").flatMap(Int64.init) : nil)
    }

    /// The parameters of CreateVolume.
    static func parameters(_ info: VolumeInfo, isMultiAttach: Bool) -> [(name: String, value: String)] {
        guard !info.type.isEmpty else { return [] }
        var parameters = [(name: "VolumeType", value: info.type)]
        // Velero writes 0 where there are none.
        if withIOPS.contains(info.type), let iops = info.iops, iops > 0 { parameters.append(("Iops", "\(iops)")) }
        if withThroughput.contains(info.type), let throughput = info.throughput, throughput > 0 {
            parameters.append(("Throughput", "\(throughput)"))
        }
        if withMultiAttach.contains(info.type), isMultiAttach { parameters.append(("MultiAttachEnabled", "true")) }
        return parameters
    }
}
