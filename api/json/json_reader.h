// Reads JSON that comes from outside into plain values, with errors that say
// which value is wrong: `processes[0].cpu: must be an integer, not string`.
//
// A `place` is the path of a value as people write it: "name",
// "processes[0].cpu".

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

// The object that `text` is. InvalidArgument says where it is no JSON, that it
// is something else than an object, or which key an object has twice. `what`
// names the text in messages.
absl::StatusOr<nlohmann::json> ParseJsonObject(
    std::string_view text, std::string_view what = "the body");

// "cpu: must be an integer, not string".
absl::Status WrongType(std::string_view place, std::string_view desired,
                       const nlohmann::json& value);

// "processes[0].comand: unknown key; keys are name, command". `prefix` is the
// place of the object with what divides it from the key ("processes[0].").
absl::Status UnknownKey(std::string_view prefix, std::string_view key,
                        std::string_view keys);

// The value where it is an integer (4, but not 4.0 or "4") of 64 bits.
std::optional<int64_t> IntegerOf(const nlohmann::json& value);

// Set `out`, or say what is wrong.
absl::Status ReadString(std::string_view place, const nlohmann::json& value,
                        std::string& out);
absl::Status ReadInteger(std::string_view place, const nlohmann::json& value,
                         int64_t& out);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_JSON_JSON_READER_H_
