// The Cookie header.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/routing/cookies.h"
#include "tools/fuzz/input.h"

namespace tallyman::server {
namespace {

void TestCookies(std::string_view name, std::string_view header) {
  const std::vector<std::string_view> values = CookiesNamed(name, header);
  for (const std::string_view value : values) {
    CHECK(!absl::StrContains(value, ';'));
    CHECK_EQ(absl::StripAsciiWhitespace(value), value);
    CHECK(value.data() >= header.data() &&
          value.data() + value.size() <= header.data() + header.size());
  }
  // A cookie of our own is found after all others, whatever they are.
  constexpr std::string_view kOwn = "tallyman_0f1e2d3c";
  const size_t before = CookiesNamed(kOwn, header).size();
  const std::string with_own = absl::StrCat(header, "; ", kOwn, "=value");
  const std::vector<std::string_view> own = CookiesNamed(kOwn, with_own);
  CHECK_EQ(own.size(), before + 1);
  CHECK_EQ(own.back(), "value");
}

}  // namespace
}  // namespace tallyman::server

// A line with the name; then the header's value.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  const std::string_view name = input.TakeLine();
  tallyman::server::TestCookies(name, input.rest());
  return 0;
}
