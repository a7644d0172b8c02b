public import ArgumentParser
public import VolumeRepository

extension Snapshot.Volume: ExpressibleByArgument {
    /// `NAMESPACE/NAME`
    public init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        self.init(namespace: String(parts[0]), name: String(parts[1]))
    }
}
