#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "api/stacks/stacks_envelope.h"
#include "server/routing/router.h"
#include "tools/fuzz/input.h"

namespace tallyman::server {
namespace {

struct Pattern {
  std::string_view text;
  ApiFamily family;
};

constexpr Pattern kPatterns[] = {
    {"/server/processes", ApiFamily::kHost},
    {"/stacks", ApiFamily::kStacks},
    {"/stacks/{uid}", ApiFamily::kStacks},
    {"/stacks/{uid}/processes/{name}", ApiFamily::kStacks},
    {"/stacks/{uid}/processes/{name}/logs", ApiFamily::kStacks},
};

// The endpoints of a pattern name it, so that a match can be recognised.
const Router& TestRouter() {
  static const Router& router = *[] {
    auto* const made = new Router;
    for (const Pattern& pattern : kPatterns) {
      Endpoints endpoints;
      endpoints[std::string(pattern.text)] = {};
      made->Add(pattern.text, pattern.family, std::move(endpoints));
    }
    return made;
  }();
  return router;
}

// A path that leads to `match`, with each byte of its parameters encoded.
std::string PathOf(const RouteMatch& match) {
  std::string path = match.mount == api::Mount::kApi3 ? "/api/3" : "";
  size_t param = 0;
  std::string_view rest = match.resource->endpoints.begin()->first;
  while (!rest.empty()) {
    const size_t open = rest.find('{');
    absl::StrAppend(&path, rest.substr(0, open));
    if (open == std::string_view::npos) break;
    for (const char byte : match.path_params[param]) {
      absl::StrAppend(
          &path, "%",
          absl::Hex(static_cast<unsigned char>(byte), absl::kZeroPad2));
    }
    ++param;
    rest.remove_prefix(rest.find('}') + 1);
  }
  CHECK_EQ(param, match.path_params.size());
  // The suffix of a parameter at the end would be taken for one of the path.
  return match.resource->family == ApiFamily::kStacks
             ? absl::StrCat(path, ".json")
             : path;
}

void TestPath(std::string_view path) {
  const std::optional<RouteMatch> match = TestRouter().Match(path);
  if (!match) return;
  for (const std::string& param : match->path_params) CHECK(!param.empty());
  const std::string other = PathOf(*match);
  const std::optional<RouteMatch> again = TestRouter().Match(other);
  CHECK(again.has_value()) << other;
  CHECK(again->resource == match->resource) << other;
  CHECK(again->mount == match->mount) << other;
  CHECK(again->path_params == match->path_params) << other;
  if (match->resource->family == ApiFamily::kHost) {
    CHECK(ApiFamilyOfPath(other) == ApiFamily::kHost);
  }
}

}  // namespace
}  // namespace tallyman::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::server::TestPath(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
