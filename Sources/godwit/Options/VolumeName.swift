public import ArgumentParser
public import GodwitModel

extension ClaimName: ExpressibleByArgument {
    /// `NAMESPACE/NAME`
    public init?(argument: String) { self.init(argument) }
}
