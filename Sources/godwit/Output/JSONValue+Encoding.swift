import Foundation
import GodwitModel

extension JSONValue {
    /// The JSON form of a value that knows how to encode itself.
    init(encoding value: some Encodable) throws {
        self = try JSONValue(parsing: Array(try JSONEncoder().encode(value)))
    }
}
