public import ArgumentParser
public import GodwitEngine
public import GodwitModel

// The engine's enumerations, as values of options.
extension BackupFormat: ExpressibleByArgument {}
extension ExistingResourcePolicy: ExpressibleByArgument {}
