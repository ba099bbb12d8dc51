#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "api/json/json_writer.h"
#include "nlohmann/json.hpp"
#include "platform/base/utf8.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

// `bytes` as a client receives them.
std::string Repair(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const base::Utf8Character first = base::FirstCharacter(bytes);
    text += first.valid() ? bytes.substr(0, first.size) : "\xef\xbf\xbd";
    bytes.remove_prefix(first.size);
  }
  return text;
}

void TestString(std::string_view bytes) {
  std::string out;
  JsonWriter json(out);
  json.BeginArray();
  json.String(bytes);
  json.String("end");
  json.EndArray();
  const Json parsed = Json::parse(out, nullptr, /*allow_exceptions=*/false);
  CHECK(parsed.is_array() && parsed.size() == 2) << out;
  CHECK_EQ(parsed[0].get_ref<const std::string&>(), Repair(bytes));
  CHECK_EQ(parsed[1].get_ref<const std::string&>(), "end");
}

void TestNumber(int64_t number) {
  double real = 0;
  std::memcpy(&real, &number, sizeof(real));
  if (!std::isfinite(real)) real = static_cast<double>(number);
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("integer");
  json.Int(number);
  json.Key("real");
  json.Double(real);
  json.EndObject();
  const Json parsed = Json::parse(out, nullptr, /*allow_exceptions=*/false);
  CHECK(parsed.is_object() && parsed.size() == 2) << out;
  CHECK_EQ(parsed["integer"].get<int64_t>(), number);
  CHECK_EQ(parsed["real"].get<double>(), real) << out;
}

}  // namespace
}  // namespace tallyman::api

// A line with an integer, then the bytes of a string.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  tallyman::api::TestString(input.rest());
  tallyman::api::TestNumber(input.TakeInteger());
  tallyman::api::TestString(input.rest());
  return 0;
}
