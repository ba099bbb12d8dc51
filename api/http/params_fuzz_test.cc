#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/http/params.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

// Encodes each byte, needed or not.
std::string Encode(std::string_view bytes) {
  std::string encoded;
  for (const char byte : bytes) {
    absl::StrAppend(
        &encoded, "%",
        absl::Hex(static_cast<unsigned char>(byte), absl::kZeroPad2));
  }
  return encoded;
}

void TestInteger(const Params& params, const std::string& name,
                 std::string_view value) {
  constexpr int64_t kMin = 1;
  const absl::StatusOr<std::optional<int64_t>> number =
      params.GetInteger(name, kMin);
  if (!number.ok()) {
    // The caller chooses the name, so it is one.
    fuzz::CheckClientError(Params::Parse(absl::StrCat("n=", Encode(value)))
                               .GetInteger("n", kMin)
                               .status());
    return;
  }
  CHECK(number->has_value());
  CHECK_GE(**number, kMin);
  int64_t expected = 0;
  CHECK(absl::SimpleAtoi(value, &expected));
  CHECK_EQ(**number, expected);
}

void TestParams(std::string_view text) {
  const Params params = Params::Parse(text);
  CHECK_LE(static_cast<int64_t>(params.all().size()),
           std::count(text.begin(), text.end(), '&') + 1);
  std::string encoded;
  size_t bytes = 0;
  for (const auto& [name, value] : params.all()) {
    bytes += name.size() + value.size();
    absl::StrAppend(&encoded, encoded.empty() ? "" : "&", Encode(name), "=",
                    Encode(value));
    const auto first = std::find_if(
        params.all().begin(), params.all().end(),
        [&wanted = name](const auto& pair) { return pair.first == wanted; });
    CHECK(params.Get(name) == first->second);
    TestInteger(params, name, first->second);
  }
  CHECK_LE(bytes, text.size());
  CHECK(Params::Parse(encoded).all() == params.all()) << encoded;
}

void TestDecodePercent(std::string_view text) {
  const std::string decoded = DecodePercent(text);
  CHECK_LE(decoded.size(), text.size());
  CHECK_EQ(DecodePercent(Encode(text)), text);
  // Without "+" and "&", a form decodes the same way.
  if (text.find_first_of("+&") == std::string_view::npos) {
    const Params form = Params::Parse(absl::StrCat("value=", text));
    CHECK(form.Get("value") == decoded);
  }
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tallyman::fuzz::Input(data, size).rest();
  tallyman::api::TestParams(text);
  tallyman::api::TestDecodePercent(text);
  return 0;
}
