// Reads untrusted JSON into plain values. All errors are InvalidArgument and
// name the wrong value: `processes[0].cpu: must be an integer, not string`.
//
// A `place` is the path of a value: "name", "processes[0].cpu".

#ifndef TALLYMAN_API_JSON_JSON_READER_H_
#define TALLYMAN_API_JSON_JSON_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {

// Parses `text`, which must be one JSON object without duplicate keys. The
// error gives the position in bytes, the actual type, or the duplicate key.
// `what` names the text in messages.
absl::StatusOr<nlohmann::json> ParseJsonObject(
    std::string_view text, std::string_view what = "the body");

// The error "cpu: must be an integer, not string" for the `place` "cpu" and
// `desired` "an integer".
absl::Status WrongType(std::string_view place, std::string_view desired,
                       const nlohmann::json& value);

// The error "processes[0].comand: unknown key; keys are name, command".
// `prefix` is the place of the object with a separator ("processes[0]."), or
// "".
absl::Status UnknownKey(std::string_view prefix, std::string_view key,
                        std::string_view keys);

// The value if it is a 64-bit integer (4, but not 4.0 or "4"), else nullopt.
std::optional<int64_t> IntegerOf(const nlohmann::json& value);

// Set `out` to `value`; an error if it has another type.
absl::Status ReadString(std::string_view place, const nlohmann::json& value,
                        std::string& out);
absl::Status ReadInteger(std::string_view place, const nlohmann::json& value,
                         int64_t& out);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_JSON_JSON_READER_H_
