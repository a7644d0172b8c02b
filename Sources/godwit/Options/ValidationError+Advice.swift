import ArgumentParser
import GodwitModel

extension ValidationError {
    /// Does what checks options; what is wrong with them, and what to write, becomes a mistake of usage.
    static func wrapping<Value>(_ check: () throws -> Value) throws -> Value {
        do {
            return try check()
        } catch let error as any AdvisedError {
            throw ValidationError([error.description, error.advice].compactMap { $0 }.joined(separator: "; "))
        }
    }
}
