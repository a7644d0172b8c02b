/// What a restore was told to change, for its record: values by the names of the options.
struct ChangeRecord {
    private(set) var values: [String: String] = [:]

    /// Notes a list, unless it is empty.
    mutating func note(_ option: String, _ list: [String]) {
        if !list.isEmpty { values[option] = list.joined(separator: ",") }
    }

    /// Notes mappings, unless there are none.
    mutating func note(_ option: String, _ mappings: [Mapping]) {
        note(option, mappings.flatMap(\.pairs).map { "\($0.from)=\($0.to)" })
    }

    /// Notes a value, unless there is none.
    mutating func note(_ option: String, _ value: String?) { values[option] = value ?? values[option] }
}
