#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "api/json/json_reader.h"
#include "nlohmann/json.hpp"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

// The value of `text`, discarded if it is not JSON, and whether an object in it
// has a key twice.
struct Reference {
  Json value;
  bool has_duplicate = false;
};

Reference ReferenceParse(std::string_view text) {
  Reference reference;
  std::vector<std::set<std::string>> keys;  // Of the open objects.
  reference.value = Json::parse(
      text,
      [&](int /*depth*/, Json::parse_event_t event, const Json& parsed) {
        if (event == Json::parse_event_t::object_start) keys.emplace_back();
        if (event == Json::parse_event_t::object_end) keys.pop_back();
        if (event == Json::parse_event_t::key &&
            !keys.back().insert(parsed.get<std::string>()).second) {
          reference.has_duplicate = true;
        }
        return true;
      },
      /*allow_exceptions=*/false);
  return reference;
}

void TestIntegers(std::string_view place, const Json& value) {
  const std::optional<int64_t> integer = IntegerOf(value);
  int64_t read = 0;
  const absl::Status status = ReadInteger(place, value, read);
  CHECK_EQ(status.ok(), integer.has_value());
  if (!integer) {
    fuzz::CheckClientError(status);
    return;
  }
  CHECK_EQ(read, *integer);
  CHECK_EQ(value.dump(), std::to_string(*integer));
}

void TestObject(std::string_view text) {
  const absl::StatusOr<Json> json = ParseJsonObject(text);
  const Reference expected = ReferenceParse(text);
  CHECK_EQ(json.ok(), expected.value.is_object() && !expected.has_duplicate);
  if (!json.ok()) {
    fuzz::CheckClientError(json.status());
    CHECK(absl::StartsWith(json.status().message(), "the body "));
    return;
  }
  CHECK(*json == expected.value);
  const absl::StatusOr<Json> again = ParseJsonObject(json->dump());
  CHECK_OK(again);
  CHECK(*again == *json) << json->dump();
  for (const auto& [key, value] : json->items()) {
    fuzz::CheckClientError(UnknownKey("place.", key, "a, b"));
    fuzz::CheckClientError(WrongType("place", "a list", value));
    TestIntegers("place", value);
    std::string string;
    CHECK_EQ(ReadString("place", value, string).ok(), value.is_string());
  }
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::api::TestObject(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
